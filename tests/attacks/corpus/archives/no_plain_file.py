# /// attack
# tries = "hands in what is no plain file, and would be waited for"
# question = "relu_forward"
# made = true
# states = ["unreadable"]
# variants = [
#     "os.mkfifo(book)",
#     "book.mkdir(); (book / 'file').write_text('')",
#     "[s := socket.socket(socket.AF_UNIX), s.bind(os.path.relpath(book)), s.close()]",
#     "book.write_bytes(bytes(10**7))",
#     "os.truncate(os.open(book, os.O_RDWR | os.O_CREAT), 2**40)",
#     "book.write_text('[' * 10**6)",
#     "book.write_text('{\"cells\": ' + '[' * 10**5 + ']' * 10**5 + '}')",
#     "book.write_text('{\"cells\": 1' + '0' * 10**6 + '}')",
# ]
# ///
import os
import socket


def build(folder, honest):
    book = folder / "03_pooling_and_losses.ipynb"
    VARIANT
