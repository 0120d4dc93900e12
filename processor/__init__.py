"""The code that runs in the cloud: a cloud-free core and one thin adapter per cloud."""
