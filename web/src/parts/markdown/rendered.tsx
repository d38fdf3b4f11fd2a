// Markdown as React elements, block by block: a block that did not change is not drawn again. No HTML of the text is ever trusted.
import { Lexer, type Token, type Tokens } from "marked";
import { Component, memo, type ReactNode } from "react";
import remend from "remend";
import { CodeBlock } from "../code/index.tsx";

export default function Rendered({ text, streaming }: { text: string; streaming: boolean }) {
  const blocks = blocksOf(text, streaming);
  return blocks.map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a text grows at its end, so that a block keeps its place
    <Raw key={index} raw={token.raw}>
      <Block token={token} streaming={streaming && index === blocks.length - 1} />
    </Raw>
  ));
}

/** The top-level blocks of a text. While it streams, what has been opened and not closed yet is closed. */
export function blocksOf(text: string, streaming: boolean): Token[] {
  const whole = streaming ? remend(text) : text;
  return new Lexer({ gfm: true })
    .lex(whole)
    .filter((token) => token.type !== "space" && token.type !== "def");
}

/** A block that cannot be drawn shows its raw text and harms no other. */
class Raw extends Component<{ raw: string; children: ReactNode }, { failed: string | null }> {
  override state: { failed: string | null } = { failed: null };

  static getDerivedStateFromError() {
    return { failed: "" };
  }

  override componentDidUpdate(before: { raw: string }) {
    if (this.state.failed !== null && before.raw !== this.props.raw) this.setState({ failed: null });
  }

  override render() {
    if (this.state.failed === null) return this.props.children;
    return <p className="whitespace-pre-wrap">{this.props.raw}</p>;
  }
}

const Block = memo(
  function Block({ token, streaming }: { token: Token; streaming: boolean }): ReactNode {
    switch (token.type) {
      case "heading": {
        const Heading = `h${(token as Tokens.Heading).depth}` as "h1";
        return <Heading>{inline(token.tokens)}</Heading>;
      }
      case "paragraph":
        return <p>{inline(token.tokens)}</p>;
      case "text":
        return <>{inline(token.tokens ?? [token])}</>;
      case "code":
        return <CodeBlock code={token.text} language={token.lang ?? ""} streaming={streaming} />;
      case "blockquote":
        return <blockquote>{nested(token.tokens, streaming)}</blockquote>;
      case "hr":
        return <hr />;
      case "list":
        return <List list={token as Tokens.List} streaming={streaming} />;
      case "table":
        return <Table table={token as Tokens.Table} />;
      case "html":
        return <p className="whitespace-pre-wrap">{token.raw.trimEnd()}</p>;
      default:
        return token.raw.trim() ? <p className="whitespace-pre-wrap">{token.raw}</p> : null;
    }
  },
  (before, after) => before.token.raw === after.token.raw && before.streaming === after.streaming,
);

function nested(tokens: Token[] = [], streaming = false): ReactNode {
  return tokens.map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    <Block key={index} token={token} streaming={streaming && index === tokens.length - 1} />
  ));
}

function List({ list, streaming }: { list: Tokens.List; streaming: boolean }) {
  const items = list.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    <li key={index} className={item.task ? "task" : undefined}>
      {item.task && <input type="checkbox" checked={item.checked === true} disabled aria-label="done" />}
      {nested(
        item.tokens.filter((token) => token.type !== "checkbox"),
        streaming && index === list.items.length - 1,
      )}
    </li>
  ));
  return list.ordered ? (
    <ol start={list.start === 1 || list.start === "" ? undefined : list.start}>{items}</ol>
  ) : (
    <ul>{items}</ul>
  );
}

function Table({ table }: { table: Tokens.Table }) {
  const cell = (Cell: "th" | "td", of: Tokens.TableCell, index: number) => (
    <Cell key={index} style={of.align ? { textAlign: of.align } : undefined}>
      {inline(of.tokens)}
    </Cell>
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that is wider than the column is scrolled by keyboard too
    <section className="table" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <tr>{table.header.map((of, index) => cell("th", of, index))}</tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <tr key={index}>{row.map((of, column) => cell("td", of, column))}</tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function inline(tokens: Token[] = []): ReactNode {
  return tokens.map((token, index) => {
    const key = index;
    switch (token.type) {
      case "strong":
        return <strong key={key}>{inline(token.tokens)}</strong>;
      case "em":
        return <em key={key}>{inline(token.tokens)}</em>;
      case "del":
        return <del key={key}>{inline(token.tokens)}</del>;
      case "codespan":
        return <code key={key}>{token.text}</code>;
      case "br":
        return <br key={key} />;
      case "link":
        return anchor(key, token.href, inline(token.tokens), token.title);
      case "image":
        // Nothing is loaded from elsewhere: a picture is a link to where it is.
        return anchor(key, token.href, token.text || token.href, token.title);
      case "text":
      case "escape":
        return token.type === "text" && token.tokens ? inline(token.tokens) : decoded(token.text);
      default:
        return token.raw;
    }
  });
}

/** A link where it leads somewhere safe, and its bare text where not. */
function anchor(key: number, href: string, children: ReactNode, title?: string | null): ReactNode {
  if (!/^(https?:|mailto:)/i.test(href)) return <span key={key}>{children}</span>;
  return (
    <a key={key} href={href} title={title ?? undefined} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0", apos: "'" };

function decoded(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name) return ENTITIES[name] ?? whole;
    const point = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
