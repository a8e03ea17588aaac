"""The table of who deflates what, in Markdown."""

from trial import sizes

HEAD = ['client', 'version', 'server → client', 'client → server', 'remarks']


def of(clients, talks, chats):
    """Its lines; talks and chats are what was seen of each client, or nothing where that went wrong."""
    rows = [row(client, *seen) for client, *seen in zip(clients, talks, chats, strict=True)]
    head, *body = (f'| {" | ".join(cells)} |'.replace('|  |', '| |') for cells in [HEAD, *rows])
    return [head, '|---' * len(HEAD) + '|', *body]


def row(client, talked, chatted):
    about = [client.name, client.version()]
    if not (talked and chatted):
        return [*about, 'wrong', 'wrong', client.remark]
    to_client = 'deflated' if any(chatted.heard.messages) else 'plain'
    remark = client.remark if talked.offer else 'offers nothing'
    return [*about, to_client, to_server(client, talked.said.messages), remark]


def to_server(client, messages):
    """How much of what it says it deflates."""
    said = list(zip(sizes(client), messages, strict=True))
    least = min((size for size, is_deflated in said if is_deflated), default=None)
    if least is None:
        return 'plain'
    if any(size > least and not is_deflated for size, is_deflated in said):
        return 'deflated in part'
    return f'deflated from {least:,} B' if least else 'deflated'
