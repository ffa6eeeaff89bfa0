/** Examples of strings. */
import type { Schema } from '../model/document.ts'
import { accepts } from '../schemas/accepts.ts'

/** A value of each format. */
const FORMATS: Readonly<Record<string, string>> = {
  byte: 'aGVsbG8=',
  'date-time': '2026-01-02T03:04:05Z',
  email: 'user@example.com',
  hostname: 'example.com',
  int64: '1',
  uint64: '1',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  'uri-reference': '/path',
  uuid: '123e4567-e89b-12d3-a456-426614174000',
}

/** Values that patterns are tried with. */
const SAMPLES = [
  '1.5s',
  'title',
  'a',
  'A',
  '1',
  'abc',
  'ABC',
  '123',
  'a1',
  'A1',
  'a-1',
  'a_1',
  'a.b',
  'a/b',
  '2026-01-02',
]

const MAX_LENGTH = 200

/** Returns a text that a schema accepts, like its name if possible; undefined if none is found. */
export function textExample(schema: Schema, name: string): string | undefined {
  const formats = [schema, ...(schema.anyOf ?? []), ...(schema.allOf ?? [])].map(({ format = '' }) => FORMATS[format])
  const known = formats.find((text) => text !== undefined)
  const own = known === undefined ? [name, ...literals(schema), ...SAMPLES] : [known]
  return own.map((text) => fitted(text, schema)).find((text) => accepts(withoutFormats(schema), text))
}

/** The formats of the samples are right. */
function withoutFormats({ format: _, anyOf, ...schema }: Schema): Schema {
  return anyOf?.some(({ format }) => format !== undefined) ? schema : { ...schema, ...(anyOf && { anyOf }) }
}

function fitted(text: string, { minLength = 0, maxLength = MAX_LENGTH }: Schema): string {
  const long = text === '' ? text : text.repeat(Math.ceil(Math.min(minLength, MAX_LENGTH) / text.length) || 1)
  return long.length > text.length ? long.slice(0, Math.max(minLength, 1)) : text.slice(0, maxLength)
}

/** Patterns of prefixes, suffixes and parts are texts whose special characters are escaped. */
function literals({ pattern, allOf = [] }: Schema): string[] {
  const patterns = [pattern, ...allOf.map((each) => each.pattern)].filter((each) => each !== undefined)
  const texts = patterns.map((each) => each.replace(/^\^|\$$/g, '').replace(/\\([^A-Za-z0-9])/g, '$1'))
  return texts.length > 1 ? [texts.join(''), ...texts] : texts
}
