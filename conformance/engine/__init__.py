"""Runs cases: catalogue, plan, lanes, controls, judging, baseline, kill matrix. Knows no protocol."""
