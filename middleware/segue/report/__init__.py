"""One page that shows what a soundtrack did and why: audio, states, mix, receipts, takes, buffer on one time axis."""
