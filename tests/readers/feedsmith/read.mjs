// Reads a feed once: node read.mjs URL [ETAG]. What feedsmith found is written to stdout as JSON.
import { parseFeed } from "feedsmith";

const [url, etag] = process.argv.slice(2);
const answer = await fetch(url, { headers: etag ? { "If-None-Match": etag } : {} });
const found = { status: answer.status, etag: answer.headers.get("etag"), entries: [] };

const readers = {
  rss: (feed) =>
    feed.items.map((item) => ({
      id: item.guid.value,
      title: item.title,
      url: item.link,
      author: (item.dc.creators ?? [item.dc.creator]).join(", "),
      published: item.pubDate,
      content: item.content.encoded,
      enclosure: item.enclosures?.[0].url ?? "",
    })),
  atom: (feed) =>
    feed.entries.map((entry) => ({
      id: entry.id,
      title: entry.title.value,
      url: entry.links.find((link) => link.rel === "alternate").href,
      author: entry.authors.map((author) => author.name).join(", "),
      published: entry.published,
      content: entry.content.value,
      enclosure: entry.links.find((link) => link.rel === "enclosure")?.href ?? "",
    })),
  json: (feed) =>
    feed.items.map((item) => ({
      id: item.id,
      title: item.title ?? "",
      url: item.url,
      author: item.authors.map((author) => author.name).join(", "),
      published: item.date_published,
      content: item.content_html,
      enclosure: item.attachments?.[0].url ?? "",
    })),
};

if (answer.status === 200) {
  const { format, feed } = parseFeed(await answer.text());
  found.entries = readers[format](feed).map((entry) => ({ ...entry, published: new Date(entry.published).toISOString() }));
}
console.log(JSON.stringify(found));
