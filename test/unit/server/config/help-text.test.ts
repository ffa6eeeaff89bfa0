import { expect, test } from 'vitest'
import { helpText } from '../../../../server/config/help-text.ts'
import { optionNames, optionTable } from '../../../../server/config/option-table.ts'

const TEXT = helpText({ command: 'node server', title: undefined, own: {}, table: optionTable })
const paragraphs = TEXT.split('\n\n')

/** As in the help: a default as a user would type it, or "none". */
const DEFAULTS: Readonly<Record<string, string>> = {
  port: '8080',
  'tls-cert': 'none',
  cleartext: 'false',
  'cors-origin': 'none',
  'max-receive': '4MiB',
  'max-send': '2147483647B',
  'stall-timeout': '1m',
  'drain-delay': '0',
  'max-timeout': '24h',
}

test.each(optionNames)('--%s is in the help with purpose, variable, default and range', (name) => {
  const { env, kind, help } = optionTable[name]
  const isSwitch = kind.placeholder === null
  const heading = isSwitch ? `  --[no-]${name}` : `  --${name} ${kind.placeholder}`
  const lines = paragraphs.map((paragraph) => paragraph.split('\n')).find(([first]) => first === heading)
  expect(lines?.[1]).toBe(`      ${help}`)
  expect(lines?.[2]).toMatch(new RegExp(`^ {6}env ${env}, default \\S`))
  expect(lines?.[2]?.endsWith(`: ${kind.expects}`)).toBe(true)
})

test.each(Object.entries(DEFAULTS))('prints the default of --%s as %s', (name, text) => {
  const paragraph = paragraphs.find((candidate) => new RegExp(`^ {2}--(\\[no-\\])?${name}( |\\n)`).test(candidate))
  expect(paragraph).toContain(`, default ${text}: `)
})

test('no two options share a variable, and all but the usual three have the prefix', () => {
  const variables = optionNames.map((name) => optionTable[name].env)
  expect(new Set(variables).size).toBe(variables.length)
  expect(variables.filter((name) => !name.startsWith('PORTICO_'))).toEqual(['PORT', 'HOST', 'LOG_LEVEL'])
})

test('help text fits a wide terminal', () => {
  const longest = Math.max(...TEXT.split('\n').map((line) => line.length))
  expect(longest).toBeLessThanOrEqual(160)
})
