// A person with an encrypted app of another make: matrix-js-sdk with its Rust crypto, told what to do in lines of JSON.
//
// In:  {"id": 1, "do": "send", ...}       Out: {"id": 1, "result": ...} or {"id": 1, "error": "..."}
// Out: {"event": ...}, {"membership": ...}, {"passing": ...}, {"toDevice": ...} when the app learns of something.
// Keys and sessions are in memory only: every start is a new device.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// Standard output belongs to the lines of JSON.
for (const level of ["debug", "info", "log", "trace"]) console[level] = () => {};

// The library lives where the process was started, so that it can be kept apart from our files.
const installed = createRequire(`${process.cwd()}/package.json`);
const load = (name) => import(pathToFileURL(installed.resolve(name)).href);
const sdk = await load("matrix-js-sdk");
const crypto = await load("matrix-js-sdk/lib/crypto-api/index.js");

const SHIELDS = ["NONE", "GREY", "RED"];
let client;

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function until(reached, what, seconds = 20) {
    for (const end = Date.now() + seconds * 1000; !(await reached()); ) {
        if (Date.now() > end) throw new Error(`${what} within ${seconds} s`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

async function isThere(room) {
    await until(() => client.getRoom(room)?.getMyMembership() === "join", `not in ${room}`);
}

async function shown(event) {
    await client.decryptEventIfNeeded(event);
    const info = event.isEncrypted() ? await client.getCrypto().getEncryptionInfoForEvent(event) : null;
    const wire = event.getWireContent();
    const relation = wire["m.relates_to"] ? { "m.relates_to": wire["m.relates_to"] } : {};
    return {
        event_id: event.getId(),
        room: event.getRoomId(),
        sender: event.getSender(),
        type: event.getType(),
        content: { ...event.getOriginalContent(), ...relation },
        raw: event.event,
        encrypted: event.isEncrypted(),
        unreadable: event.isDecryptionFailure() ? (event.decryptionFailureReason ?? "UNKNOWN_ERROR") : "",
        shield: info ? SHIELDS[info.shieldColour] : "NONE",
        warning: info?.shieldReason == null ? "" : crypto.EventShieldReason[info.shieldReason],
    };
}

function listen() {
    // One after the other, so that a message which takes longer to decrypt is not overtaken.
    let before = Promise.resolve();
    const note = (event) => (before = before.then(async () => tell({ event: await shown(event) })).catch(console.error));
    client.on(sdk.ClientEvent.Event, (event) => {
        const passing = ["m.receipt", "m.typing"].includes(event.getType());
        if (passing) tell({ passing: { room: event.getRoomId(), type: event.getType(), content: event.getContent() } });
        else if (event.getRoomId() && event.getId()) note(event);
    });
    // Again when the key came later than the message.
    client.on(sdk.MatrixEventEvent.Decrypted, (event) => event.status === null && note(event));
    client.on(sdk.RoomEvent.MyMembership, (room, membership) => {
        const inviter = room.getMember(client.getUserId())?.events.member?.getSender();
        tell({ membership: { room: room.roomId, membership, inviter } });
    });
    client.on(sdk.ClientEvent.ReceivedToDeviceMessage, ({ message }) => tell({ toDevice: message }));
}

const verbs = {
    // onlySigned is what Element does since April 2026: devices that their owner has not signed get and give no keys.
    async start({ url, name, password, onlySigned, crossSign }) {
        const identifier = { type: "m.id.user", user: name };
        const session = await sdk
            .createClient({ baseUrl: url })
            .loginRequest({ type: "m.login.password", identifier, password, initial_device_display_name: "js" });
        client = sdk.createClient({
            baseUrl: url,
            userId: session.user_id,
            deviceId: session.device_id,
            accessToken: session.access_token,
        });
        await client.initRustCrypto({ useIndexedDB: false });
        const mode = onlySigned
            ? new crypto.OnlySignedDevicesIsolationMode()
            : new crypto.AllDevicesIsolationMode(false);
        client.getCrypto().setDeviceIsolationMode(mode);
        listen();
        await client.startClient({ initialSyncLimit: 100, pollTimeout: 10000 });
        await until(() => client.isInitialSyncComplete(), "no first sync");
        if (crossSign) {
            await client.getCrypto().bootstrapCrossSigning({
                setupNewCrossSigning: true,
                authUploadDeviceSigningKeys: (upload) => upload({ type: "m.login.password", identifier, password }),
            });
        }
        return session;
    },
    async createRoom({ options, encrypted }) {
        const encryption = { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };
        const { initial_state: state = [], ...rest } = options;
        const { room_id: room } = await client.createRoom({
            ...rest,
            initial_state: encrypted ? [encryption, ...state] : state,
        });
        await isThere(room);
        if (encrypted) await until(() => client.getCrypto().isEncryptionEnabledInRoom(room), `${room} is not encrypted`);
        return room;
    },
    async join({ room, via }) {
        const { roomId } = await client.joinRoom(room, { viaServers: via });
        await isThere(roomId);
        return roomId;
    },
    leave: ({ room }) => client.leave(room),
    invite: ({ room, user }) => client.invite(room, user),
    kick: ({ room, user, reason }) => client.kick(room, user, reason),
    async send({ room, type, content }) {
        // Not `isThere`: where an invitation and the join come in one sync, the library may go on calling it an invitation.
        await until(() => client.getRoom(room), `${room} is not known`);
        return (await client.sendEvent(room, null, type, content)).event_id;
    },
    redact: async ({ room, event }) => (await client.redactEvent(room, event)).event_id,
    async state({ room, type, content, key }) {
        return (await client.sendStateEvent(room, type, content, key)).event_id;
    },
    members: ({ room }) => Object.fromEntries(client.getRoom(room).getMembers().map((one) => [one.userId, one.membership])),
    // The next message gets a new key.
    rotate: ({ room }) => client.getCrypto().forceDiscardSession(room),
    async devices({ user }) {
        const known = (await client.getCrypto().getUserDeviceInfo([user], true)).get(user) ?? new Map();
        const statuses = [...known.keys()].map(async (device) => {
            const status = await client.getCrypto().getDeviceVerificationStatus(user, device);
            return [device, { signed: status.signedByOwner, verified: status.isVerified() }];
        });
        return Object.fromEntries(await Promise.all(statuses));
    },
    trust: ({ user, device }) => client.getCrypto().setDeviceVerified(user, device),
    logout: async () => void (await client.logout(true)),
};

createInterface({ input: process.stdin })
    .on("line", async (line) => {
        const { id, do: verb, ...fields } = JSON.parse(line);
        try {
            tell({ id, result: (await verbs[verb](fields)) ?? null });
        } catch (problem) {
            tell({ id, error: String(problem) });
        }
    })
    // The test is over, however it ended.
    .on("close", () => process.exit(0));
