"""Image backgrounds: photos come in, labels and masks are checked by people, composites go out."""
