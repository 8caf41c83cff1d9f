"""What the state wrote: limits, plates, vehicle layouts, codes, divisions. Pure, no I/O."""
