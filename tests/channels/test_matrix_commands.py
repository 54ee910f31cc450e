"""What an operator does before citizens come: sign in, and look whether all is well."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from tests.channels.synapse import PASSWORD, Homeserver


async def mitreden(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with nobody at the keyboard."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(process.communicate(), 60)
    return subprocess.CompletedProcess(arguments, process.returncode or 0, said.decode(), complained.decode())


async def test_the_doctor_leads_from_nothing_to_a_bot_that_can_serve(
    limited_synapse: Homeserver, name: str, tmp_path: Path
) -> None:
    server = limited_synapse
    await server.register(name)
    account = {"MITREDEN_MATRIX_HOMESERVER": server.url, "MITREDEN_MATRIX_USER": server.user_id(name)}
    password = {"MITREDEN_MATRIX_PASSWORD": PASSWORD}
    wrong_password = {"MITREDEN_MATRIX_PASSWORD": f"not-{PASSWORD}"}

    first = await mitreden(tmp_path, "matrix", "doctor", **account)
    assert (first.returncode, first.stderr) == (1, "")
    assert "MEND  not signed in\n  Run: mitreden matrix login" in first.stdout
    run = await mitreden(tmp_path, "run", **account)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("mitreden: Matrix: not signed in yet.")
    wrong = await mitreden(tmp_path, "matrix", "login", **account, **wrong_password)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "refuses the password" in wrong.stderr

    signed_in = await mitreden(tmp_path, "matrix", "login", **account, **password)
    assert (signed_in.returncode, signed_in.stderr) == (0, "")
    assert signed_in.stdout.startswith(f"Signed in as {server.user_id(name)}, device ")
    again = await mitreden(tmp_path, "matrix", "login", **account, **password)
    assert again.returncode == 1
    assert "Signed in already" in again.stderr
    assert (tmp_path / "data" / "matrix").stat().st_mode & 0o077 == 0

    limited = await mitreden(tmp_path, "matrix", "doctor", **account)
    assert limited.returncode == 1
    assert "ok    encryption: the device is cross-signed" in limited.stdout
    assert "MEND  rate limits" in limited.stdout
    assert "override_ratelimit" in limited.stdout
    await server.lift_rate_limits(server.user_id(name))
    well = await mitreden(tmp_path, "matrix", "doctor", **account)
    assert (well.returncode, "MEND" in well.stdout) == (0, False)

    anew = await mitreden(tmp_path, "matrix", "login", "--new", **account, **password)
    assert anew.stdout.startswith("Signed in as")
    assert anew.stdout != signed_in.stdout
    assert (await mitreden(tmp_path, "matrix", "doctor", **account)).returncode == 0


async def test_a_homeserver_that_is_not_there_and_half_an_id_end_with_a_sentence(tmp_path: Path) -> None:
    nowhere = {"MITREDEN_MATRIX_HOMESERVER": "http://127.0.0.1:9", "MITREDEN_MATRIX_USER": "@mitreden:example.org"}
    doctor = await mitreden(tmp_path, "matrix", "doctor", **nowhere)
    assert (doctor.returncode, doctor.stderr) == (1, "")
    assert doctor.stdout.startswith("MEND  homeserver http://127.0.0.1:9: no connection")
    half = await mitreden(tmp_path, "matrix", "doctor", **{**nowhere, "MITREDEN_MATRIX_USER": "mitreden"})
    assert half.stderr == (
        "mitreden: [matrix] user has to be a whole Matrix ID such as @mitreden:example.org. Correct it.\n"
    )
    plain = {**nowhere, "MITREDEN_MATRIX_HOMESERVER": "http://matrix.example.org"}
    assert "https://" in (await mitreden(tmp_path, "run", **plain)).stderr
    assert "not configured" in (await mitreden(tmp_path, "matrix", "login")).stderr
