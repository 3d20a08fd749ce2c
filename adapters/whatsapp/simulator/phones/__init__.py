"""The simulated phones: the control face under `/_sim`, and hints for a page that shows them."""
