"""One page that shows what a soundtrack did and why: sound, states, mix, receipts, takes and buffer on one axis."""
