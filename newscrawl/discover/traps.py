"""tmp"""


class TrapWatch:
    def refuses(self, url):
        return None

    def learn(self, url, digest, new):
        pass
