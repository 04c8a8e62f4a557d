"""The partners' officers: what they are told, what they answer, what they decide, and who is asked next."""
