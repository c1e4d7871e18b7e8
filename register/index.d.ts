// Required for what it does: there is nothing to import.
export {};
