"""Real servers on this machine for what is a URL: S3 and SFTP, each with one account."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

USER, SECRET = "council", "a secret of the test"


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server of this session, with the bucket ``partners``."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, aws_access_key_id=USER, aws_secret_access_key=SECRET, region_name="us-east-1"
    )
    client.create_bucket(Bucket="partners")
    client.close()
    yield url
    server.stop()


class OnePassword(asyncssh.SSHServer):
    """Lets in who knows the password."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, SECRET)


@pytest.fixture(scope="session")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """An SFTP server of this session: its address, its public key and the folder it shows."""
    root = tmp_path_factory.mktemp("sftp")
    key = asyncssh.generate_private_key("ssh-ed25519")
    ready, loop = threading.Event(), asyncio.new_event_loop()
    found: list[Any] = []

    async def serve() -> None:
        found.append(
            await asyncssh.listen(
                "127.0.0.1",
                0,
                server_factory=OnePassword,
                server_host_keys=[key],
                sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=os.fsencode(root)),
            )
        )
        ready.set()
        await found[0].wait_closed()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(20)
    public = key.export_public_key().decode().strip()
    yield f"127.0.0.1:{found[0].get_port()}", public, root
    loop.call_soon_threadsafe(found[0].close)
    thread.join(20)
    loop.close()
