"""Monitors of Plexi's auditor."""
