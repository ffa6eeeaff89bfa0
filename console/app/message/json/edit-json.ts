/** Changes to a JSON text at a path. What is not changed keeps its characters: the order of keys, spaces, and values that are wrong. */
import {
  type JsonArray,
  type JsonMember,
  type JsonNode,
  type JsonObject,
  type JsonPath,
  nodeAt,
  type Span,
} from './json-node.ts'
import { parseJson } from './parse-json.ts'

/** A JSON text and what it parses to. */
export interface ParsedJson {
  readonly text: string
  readonly root: JsonNode
}

/** Puts a value, itself a JSON text, at a path. Objects on the way that are missing are created. */
export function setValue(json: ParsedJson, path: JsonPath, value: string): string {
  for (let length = path.length; length >= 0; length--) {
    const node = nodeAt(json.root, path.slice(0, length))
    if (node === undefined) continue
    if (node.kind === 'array' && length < path.length) return json.text
    const rest = path.slice(length)
    const [key, ...below] = rest
    if (key === undefined || node.kind !== 'object') return replace(json, node, wrap(rest, value))
    return addMember(json, node, String(key), wrap(below, value))
  }
  return json.text
}

/** Removes the member or item at a path, if it is there. */
export function removeValue(json: ParsedJson, path: JsonPath): string {
  const parent = nodeAt(json.root, path.slice(0, -1))
  const step = path.at(-1)
  if (parent?.kind === 'array') return cutElement(json.text, parent, parent.items, Number(step))
  if (parent?.kind !== 'object') return json.text
  const isNamed = (member: JsonMember) => member.key.value === step
  const index = parent.members.findLastIndex(isNamed)
  const text = cutElement(json.text, parent, parent.members.map(spanOf), index)
  // Of duplicate keys, all go.
  return parent.members.filter(isNamed).length > 1 ? removeValue({ text, root: parseJson(text) }, path) : text
}

/** Puts an item at the end of an array, which is created if it is missing. */
export function appendItem(json: ParsedJson, path: JsonPath, value: string): string {
  const list = nodeAt(json.root, path)
  if (list?.kind !== 'array') return setValue(json, path, `[\n  ${indented(value, '  ')}\n]`)
  return addElement(json, list, list.items, value)
}

/** Exchanges two items of an array. */
export function swapItems(json: ParsedJson, path: JsonPath, one: number, other: number): string {
  const list = nodeAt(json.root, path)
  if (list?.kind !== 'array') return json.text
  const first = list.items[Math.min(one, other)]
  const second = list.items[Math.max(one, other)]
  if (first === undefined || second === undefined || first === second) return json.text
  const { text } = json
  const between = text.slice(first.end, second.start)
  const swapped = `${text.slice(second.start, second.end)}${between}${text.slice(first.start, first.end)}`
  return text.slice(0, first.start) + swapped + text.slice(second.end)
}

/** Gives the member at a path another key. */
export function renameKey(json: ParsedJson, path: JsonPath, key: string): string {
  const parent = nodeAt(json.root, path.slice(0, -1))
  if (parent?.kind !== 'object') return json.text
  const member = parent.members.findLast((each) => each.key.value === path.at(-1))
  if (member === undefined) return json.text
  return json.text.slice(0, member.key.start) + JSON.stringify(key) + json.text.slice(member.key.end)
}

/** Returns the text of a value as `setValue` takes it: without the space that its place adds to each line. */
export function valueText({ text }: ParsedJson, { start, end }: JsonNode): string {
  return text.slice(start, end).replaceAll(`\n${indentAt(text, start)}`, '\n')
}

function replace({ text }: ParsedJson, node: JsonNode, value: string): string {
  return text.slice(0, node.start) + indented(value, indentAt(text, node.start)) + text.slice(node.end)
}

function addMember(json: ParsedJson, object: JsonObject, key: string, value: string): string {
  return addElement(json, object, object.members.map(spanOf), `${JSON.stringify(key)}: ${value}`)
}

/** Adds an element to an object or array, laid out as those before it. */
function addElement(
  { text }: ParsedJson,
  parent: JsonObject | JsonArray,
  elements: readonly Span[],
  element: string,
): string {
  const [first] = elements
  const last = elements.at(-1)
  const outer = indentAt(text, parent.start)
  if (first === undefined || last === undefined) {
    const inner = `${outer}  `
    const opening = text.slice(parent.start, parent.start + 1)
    const closing = text.slice(parent.end - 1, parent.end)
    const body = `${opening}\n${inner}${indented(element, inner)}\n${outer}${closing}`
    return text.slice(0, parent.start) + body + text.slice(parent.end)
  }
  const hasLines = text.slice(parent.start, first.start).includes('\n')
  const inner = hasLines ? indentAt(text, first.start) : outer
  const separator = hasLines ? `,\n${inner}` : ', '
  return text.slice(0, last.end) + separator + indented(element, inner) + text.slice(last.end)
}

function cutElement(text: string, parent: JsonObject | JsonArray, elements: readonly Span[], index: number): string {
  const element = elements[index]
  const next = elements[index + 1]
  const previous = elements[index - 1]
  if (element === undefined) return text
  if (next !== undefined) return text.slice(0, element.start) + text.slice(next.start)
  if (previous !== undefined) return text.slice(0, previous.end) + text.slice(element.end)
  // The closing bracket is the first after the last element that is not space.
  const end = text.indexOf(parent.kind === 'object' ? '}' : ']', element.end)
  return text.slice(0, parent.start + 1) + text.slice(end)
}

function spanOf(member: JsonMember): Span {
  return { start: member.key.start, end: member.value.end }
}

/** Puts a value into the objects that a path names. */
function wrap(path: JsonPath, value: string): string {
  return path.reduceRight<string>(
    (inner, key) => `{\n  ${JSON.stringify(String(key))}: ${indented(inner, '  ')}\n}`,
    value,
  )
}

/** Strings of JSON hold no line breaks, so that every line can be moved. */
function indented(value: string, indent: string): string {
  return value.replaceAll('\n', `\n${indent}`)
}

/** The space at the start of the line of a place. */
function indentAt(text: string, place: number): string {
  const lineStart = text.lastIndexOf('\n', place - 1) + 1
  return /^[ \t]*/.exec(text.slice(lineStart, place))?.[0] ?? ''
}
