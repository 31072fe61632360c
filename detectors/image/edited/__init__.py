"""``image.edited``: was a region of the picture inserted, cloned, removed or inpainted?"""
