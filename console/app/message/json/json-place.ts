/** Where an offset is in a text that may be no JSON yet: in which objects and lists, and whether a key or a value belongs there. */
import type { Span } from './json-node.ts'

export interface JsonPlace {
  /** The objects and lists around the offset, from the outermost. */
  readonly frames: readonly JsonFrame[]
  readonly position: 'key' | 'value'
  /** What stands at the offset already, which a completion replaces. */
  readonly token: Span
  /** Whether a colon follows, as after the key of a member that is there. */
  readonly hasColon: boolean
}

export interface JsonFrame {
  readonly kind: 'object' | 'array'
  /** The keys of an object, and the values of those that are strings. */
  readonly keys: ReadonlyMap<string, string | undefined>
  /** The key whose value the offset is in; for lists, an empty text. */
  readonly key: string
}

interface OpenFrame {
  readonly kind: 'object' | 'array'
  readonly keys: Map<string, string | undefined>
  key: string
  expects: 'key' | 'value'
}

const TOKEN = /"(?:[^"\\\n]+|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/g

/** Returns the place of an offset; null inside of a text that is a value of no key, or after the end. */
export function jsonPlace(text: string, offset: number): JsonPlace | null {
  const open: OpenFrame[] = [{ kind: 'array', keys: new Map(), key: '', expects: 'value' }]
  let found: { frames: OpenFrame[]; keys: string[]; position: 'key' | 'value'; token: Span } | null = null
  let hasColon = false
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const token = { start: match.index, end: TOKEN.lastIndex }
    const isPunctuation = '{}[],:'.includes(match[0])
    const reaches = isPunctuation ? token.start >= offset : token.end >= offset
    if (found === null && reaches) {
      const isAt = !isPunctuation && token.start < offset
      found = placeIn(open, isAt ? token : { start: offset, end: offset })
      hasColon = isAt ? /^\s*:/.test(text.slice(token.end, token.end + 100)) : false
    }
    apply(open, match[0])
    // The keys after the offset are known once its object ends.
    if (found !== null && open.length < found.frames.length) break
  }
  found ??= placeIn(open, { start: offset, end: offset })
  const { frames, keys, position, token } = found
  if (frames.length > 1 || position === 'value') {
    const around = frames
      .slice(1)
      .map((frame, index) => ({ kind: frame.kind, keys: frame.keys, key: keys[index + 1] ?? '' }))
    return { frames: around, position, token, hasColon }
  }
  return null
}

function placeIn(open: readonly OpenFrame[], token: Span) {
  const frames = [...open]
  return { frames, keys: frames.map((frame) => frame.key), position: frames.at(-1)?.expects ?? 'value', token }
}

function apply(open: OpenFrame[], token: string): void {
  const frame = open.at(-1)
  if (frame === undefined) return
  switch (token) {
    case '{':
      open.push({ kind: 'object', keys: new Map(), key: '', expects: 'key' })
      return
    case '[':
      open.push({ kind: 'array', keys: new Map(), key: '', expects: 'value' })
      return
    case '}':
    case ']':
      if (open.length > 1) open.pop()
      return
    case ',':
      frame.expects = frame.kind === 'object' ? 'key' : 'value'
      return
    case ':':
      frame.expects = 'value'
      return
  }
  const value = stringOf(token)
  if (frame.kind === 'array' || value === undefined) return
  if (frame.expects === 'value') frame.keys.set(frame.key, value)
  else {
    frame.key = value
    frame.keys.set(value, undefined)
  }
}

function stringOf(token: string): string | undefined {
  if (!token.startsWith('"')) return undefined
  try {
    return JSON.parse(token)
  } catch {
    return token.slice(1)
  }
}
