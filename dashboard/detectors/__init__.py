"""What the pages Scan and Detectors know of detectors: their cards, weights and benches."""
