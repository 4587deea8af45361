"""One file per page of the console. Routes are thin: guard, one transaction, render."""
