"""The emulators of Azure's and Google's services: started on a free port of 127.0.0.1, and ended with the block."""
