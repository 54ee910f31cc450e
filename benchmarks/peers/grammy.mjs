// grammY with its runner and better-sqlite3: one durable commit per answer (WAL, synchronous=FULL), before the reply.
//
// Per tap: answerCallbackQuery, sendMessage, editMessageText; per typed answer: sendMessage, editMessageReplyMarkup; what
// settles is sent beside the reply. Called with the URL of the bot, the script (JSON: what is said at each step) and a
// folder of its own. Concurrent across chats, in order within one, as the runner's documentation shows.
import { readFileSync } from "node:fs";
import { run, sequentialize } from "@grammyjs/runner";
import Database from "better-sqlite3";
import { Bot } from "grammy";

const [url, scriptFile, folder] = process.argv.slice(2);
const cut = url.lastIndexOf("/bot");
const script = JSON.parse(readFileSync(scriptFile, "utf8"));

const database = new Database(`${folder}/grammy.db`);
database.pragma("journal_mode = wal");
database.pragma("synchronous = full");
database.exec("CREATE TABLE people (id INTEGER PRIMARY KEY, answers TEXT NOT NULL)");
const find = database.prepare("SELECT answers FROM people WHERE id = ?").pluck();
const keep = database.prepare(
  "INSERT INTO people VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET answers = excluded.answers",
);
const shown = new Map();

async function goOn(ctx, answer, ...beside) {
  const person = ctx.from.id;
  const answers = answer === "/start" ? [] : JSON.parse(find.get(person) ?? "[]");
  const { say, settled } = script[answers.length];
  const before = shown.get(person);
  keep.run(person, JSON.stringify([...answers, answer]));
  if (settled) beside.push(ctx.api.editMessageText(person, before, settled));
  else if (before) beside.push(ctx.api.editMessageReplyMarkup(person, before));
  const speak = async () => {
    for (const { text, ...more } of say) {
      const sent = await ctx.api.sendMessage(person, text, { ...more, link_preview_options: { is_disabled: true } });
      shown.set(person, sent.message_id);
    }
  };
  await Promise.all([speak(), ...beside]);
}

const bot = new Bot(url.slice(cut + 4), { client: { apiRoot: url.slice(0, cut) } });
bot.use(sequentialize((ctx) => String(ctx.chat.id)));
bot.command("start", (ctx) => goOn(ctx, "/start"));
bot.on("callback_query:data", (ctx) => goOn(ctx, ctx.callbackQuery.data, ctx.answerCallbackQuery()));
bot.on("message:text", (ctx) => goOn(ctx, ctx.message.text));
run(bot);
