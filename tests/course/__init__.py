"""The assignments themselves: graded, proved and read as their users meet them."""
