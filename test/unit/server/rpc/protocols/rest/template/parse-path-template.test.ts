/** Ids are those of the requirements of transcoding: G1 to G7, template grammar. */
import { describe, expect, test } from 'vitest'
import { parsePathTemplate } from '../../../../../../../server/rpc/protocols/rest/template/parse-path-template.ts'
import type { TemplateSegment } from '../../../../../../../server/rpc/protocols/rest/template/path-template.ts'

/** Writes segments as in templates; literals in decoded form. */
function shape(segments: readonly TemplateSegment[]): string[] {
  return segments.map((segment) => {
    if (segment.kind === 'literal') return segment.text
    return segment.kind === 'one' ? '*' : '**'
  })
}

interface Accepted {
  text: string
  segments: string[]
  /** Field path, start, end; `+` at the end for a variable that can span several segments. */
  variables?: string[]
  verb?: string
}

const ACCEPTED: Accepted[] = [
  { text: '/v1/hello', segments: ['v1', 'hello'] },
  { text: '/v1/hello/{name}', segments: ['v1', 'hello', '*'], variables: ['name 2-3'] },
  { text: '/v1/hello/{name=*}', segments: ['v1', 'hello', '*'], variables: ['name 2-3'] },
  { text: '/v1/{name=shelves/*}', segments: ['v1', 'shelves', '*'], variables: ['name 1-3+'] },
  { text: '/v1/{name=**}', segments: ['v1', '**'], variables: ['name 1-2+'] },
  { text: '/{kind=shelves}', segments: ['shelves'], variables: ['kind 0-1'] },
  { text: '/{book.shelf.id}/x', segments: ['*', 'x'], variables: ['book.shelf.id 0-1'] },
  { text: '/{_a1.B_2}', segments: ['*'], variables: ['_a1.B_2 0-1'] },
  { text: '/{a}/{b=x/*/y}/{c}', segments: ['*', 'x', '*', 'y', '*'], variables: ['a 0-1', 'b 1-4+', 'c 4-5'] },
  { text: '/{a}/{a.b}', segments: ['*', '*'], variables: ['a 0-1', 'a.b 1-2'] },
  { text: '/*/**', segments: ['*', '**'] },
  { text: '/v1/books:move', segments: ['v1', 'books'], verb: 'move' },
  { text: '/{name=**}:publish', segments: ['**'], variables: ['name 0-1+'], verb: 'publish' },
  { text: '/*:a', segments: ['*'], verb: 'a' },
]

const G2: Accepted[] = [{ text: '/', segments: [] }]

const G5: Accepted[] = [
  { text: '/a/**/b', segments: ['a', '**', 'b'] },
  { text: '/a/{b=c/**/d}/e:verb', segments: ['a', 'c', '**', 'd', 'e'], variables: ['b 1-4+'], verb: 'verb' },
  { text: '/**/{b=c/d}', segments: ['**', 'c', 'd'], variables: ['b 1-3+'] },
]

const G7: Accepted[] = [
  { text: "/-._~!$&'()+,;=@/Az09", segments: ["-._~!$&'()+,;=@", 'Az09'] },
  { text: '/a%20b/%7e%7E/%2f', segments: ['a b', '~~', '/'] },
  { text: '/a%3Ab', segments: ['a:b'] },
  { text: '/caf%C3%A9/%E2%82%AC:%c3%a9', segments: ['café', '€'], verb: 'é' },
  { text: '/{x=a=b}', segments: ['a=b'], variables: ['x 0-1'] },
]

describe.each([
  { id: 'G1: reads', rows: ACCEPTED },
  { id: 'G2: takes the root path as a template,', rows: G2 },
  { id: 'G5: takes literals after "**",', rows: G5 },
  { id: 'G7: decodes the characters that RFC 3986 allows,', rows: G7 },
])('$id', ({ rows }) => {
  test.each(rows)('$text', ({ text, segments, variables = [], verb = null }) => {
    const template = parsePathTemplate(text)
    expect(template.text).toBe(text)
    expect(shape(template.segments)).toEqual(segments)
    expect(
      template.variables.map(
        ({ fieldPath, start, end, isMulti }) => `${fieldPath.join('.')} ${start}-${end}${isMulti ? '+' : ''}`,
      ),
    ).toEqual(variables)
    expect(template.verb).toBe(verb)
  })
})

type Rejected = [text: string, column: number, problem: string]

const EMPTY = 'the segment is empty'
const NAMELESS = 'a variable begins with the name of a field'
const GLUED = 'a variable must be a segment of its own'
const WILDCARD = 'a wildcard must be "*" or "**", and a segment of its own'
const AFTER_MANY = 'only literal segments may follow "**"'
const ESCAPE = '"%" must be followed by two hexadecimal digits'

const G3: Rejected[] = [
  ['', 1, 'a path begins with "/"'],
  ['a', 1, 'a path begins with "/"'],
  ['{a}', 1, 'a path begins with "/"'],
  [':a', 1, 'a path begins with "/"'],
  ['//', 2, EMPTY],
  ['//a', 2, EMPTY],
  ['/a//b', 4, EMPTY],
  ['/a/', 4, EMPTY],
  ['/{a}/', 6, EMPTY],
  ['/:verb', 2, EMPTY],
  ['/a/:verb', 4, EMPTY],
  ['/}', 2, EMPTY],
  ['/{}', 3, NAMELESS],
  ['/{=a}', 3, NAMELESS],
  ['/{1}', 3, NAMELESS],
  ['/{.a}', 3, NAMELESS],
  ['/{ a}', 3, NAMELESS],
  ['/{é}', 3, NAMELESS],
  ['/{', 3, NAMELESS],
  ['/{a.}', 5, 'the name of a field is missing'],
  ['/{a..b}', 5, 'the name of a field is missing'],
  ['/{a.1}', 5, 'the name of a field is missing'],
  ['/{a-b}', 4, '"-" is not allowed in a variable'],
  ['/{a }', 4, '" " is not allowed in a variable'],
  ['/{a/b}', 4, '"/" is not allowed in a variable'],
  ['/{x=}', 5, EMPTY],
  ['/{x=/a}', 5, EMPTY],
  ['/{x=a/}', 7, EMPTY],
  ['/b/{a', 4, 'the variable has no closing "}"'],
  ['/b/{a=*', 4, 'the variable has no closing "}"'],
  ['/{a=b/c', 2, 'the variable has no closing "}"'],
  ['/a{x}', 3, GLUED],
  ['/{x}b', 5, GLUED],
  ['/{x}{y}', 5, GLUED],
  ['/{x}}', 5, GLUED],
  ['/*{x}', 3, GLUED],
  ['/{x=a{y}}', 6, GLUED],
  ['/***', 4, WILDCARD],
  ['/a*', 3, WILDCARD],
  ['/{x=a*}', 6, WILDCARD],
  ['/*a', 3, '"a" is not allowed in a segment'],
  ['/a}', 3, '"}" is not allowed in a segment'],
  ['/a?b=c', 3, '"?" is not allowed in a segment'],
  ['/?', 2, '"?" is not allowed in a segment'],
  ['/a#b', 3, '"#" is not allowed in a segment'],
  ['/a b', 3, '" " is not allowed in a segment'],
  ['/a\n', 3, '"\\n" is not allowed in a segment'],
  ['/é', 2, '"é" is not allowed in a segment'],
  ['/a\\b', 3, '"\\\\" is not allowed in a segment'],
  ['/a%', 3, ESCAPE],
  ['/a%2', 3, ESCAPE],
  ['/%zz', 2, ESCAPE],
  ['/a:%g0', 4, ESCAPE],
  ['/ab/%C3', 5, 'the percent-encoded text is not valid UTF-8'],
  ['/%C0%AF', 2, 'the percent-encoded text is not valid UTF-8'],
  ['/a:%ff', 4, 'the percent-encoded text is not valid UTF-8'],
  ['/{x=a:verb}', 6, 'a verb must follow the variable, not stand inside it'],
  ['/{x:verb}', 4, 'a verb must follow the variable, not stand inside it'],
  ['/a:', 4, 'the verb after ":" is empty'],
  ['/a:/b', 4, 'the verb after ":" is empty'],
  ['/a:b/c', 5, 'nothing may follow the verb'],
  ['/a:b{c}', 5, 'nothing may follow the verb'],
  ['/a:*', 4, '"*" is not allowed in a verb'],
  ['/a:{b}', 4, '"{" is not allowed in a verb'],
  ['/{a}/{a}', 7, 'the variable a occurs twice'],
  ['/{a.b}/x/{a.b=**}', 11, 'the variable a.b occurs twice'],
]

const G4: Rejected[] = [
  ['/{a=x/{b}}', 7, 'a variable inside another one is not supported'],
  ['/{a={b}}', 5, 'a variable inside another one is not supported'],
]

const G5_REJECTED: Rejected[] = [
  ['/**/**', 5, AFTER_MANY],
  ['/a/**/*', 7, AFTER_MANY],
  ['/a/**/b/**', 9, AFTER_MANY],
  ['/{x=**}/{y}', 9, AFTER_MANY],
  ['/{x=b/**}/bb/{y=*}', 17, AFTER_MANY],
]

const G6: Rejected[] = [
  ['/v1/{n}:bla:baa', 12, 'only one ":" is allowed'],
  ['/a:b:c', 5, 'only one ":" is allowed'],
  ['/a::b', 4, '":" is not allowed in a verb'],
  ['/a=b:g/x', 7, 'nothing may follow the verb'],
]

describe.each([
  { id: 'G3: refuses', rows: G3 },
  { id: 'G4: refuses the nested variable of', rows: G4 },
  { id: 'G5: refuses a wildcard after "**" in', rows: G5_REJECTED },
  { id: 'G6: refuses a second colon in', rows: G6 },
])('$id', ({ rows }) => {
  test.each(rows)('%j', (text, column, problem) => {
    const error = new RangeError(`invalid path template ${JSON.stringify(text)}: column ${column}: ${problem}`)
    expect(() => parsePathTemplate(text)).toThrow(error)
  })
})
