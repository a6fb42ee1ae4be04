"""How the assistant understands what people type: one Rasa component and the plain parts it is made of."""
