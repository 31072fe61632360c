"""avaudit: safety auditing and deepfake forensics for audio-visual media and models."""
__version__ = "0.1.0"
