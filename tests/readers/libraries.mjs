// Prints what a library reads from feeds: libraries.mjs LIBRARY URL...
import { createRequire } from "node:module";

const [library, ...urls] = process.argv.slice(2);
const require = createRequire(`${process.env.READERS_NPM}/`);

async function withRssParser(url) {
  const Parser = require("rss-parser");
  const feed = await new Parser().parseURL(url);
  return feed.items.map((item) => ({
    id: item.guid ?? item.id,
    title: item.title,
    author: item.creator ?? item.author,
    duration: item.itunes?.duration,
  }));
}

async function withFeedsmith(url) {
  const { parseFeed } = require("feedsmith");
  const { format, feed } = parseFeed(await (await fetch(url)).text());
  return (format === "rss" || format === "json" ? feed.items : feed.entries).map((item) => ({
    id: item.guid?.value ?? item.id,
    title: item.title?.value ?? item.title,
    author: item.dc?.creators?.[0] ?? item.dc?.creator ?? item.authors?.[0]?.name,
    duration: item.itunes?.duration ?? item.attachments?.[0]?.duration_in_seconds,
  }));
}

const read = { "rss-parser": withRssParser, feedsmith: withFeedsmith }[library];
console.log(JSON.stringify(Object.fromEntries(await Promise.all(urls.map(async (url) => [url, await read(url)])))));
