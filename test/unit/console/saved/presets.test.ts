/** Auth presets and variables, without a browser's storage; test/browser/console has the rest. */
import { create, createRegistry, type DescMessage, fromJson, type Message, toJson } from '@bufbuild/protobuf'
import { afterEach, expect, test } from 'vitest'
import {
  addPreset,
  authPresets,
  choosePreset,
  currentPreset,
  kindOf,
  removePreset,
} from '../../../../console/app/saved/presets/auth-presets.ts'
import {
  addEnvironment,
  chooseEnvironment,
  environment,
  environments,
  removeEnvironment,
  setVariables,
  type Variable,
  variables,
} from '../../../../console/app/saved/presets/environments.ts'
import { fillMessage, fillSaved, fillText } from '../../../../console/app/saved/presets/fill-variables.ts'
import { credentialHeaders } from '../../../../console/app/session/credentials.ts'
import { file_kinds_v1_kinds, KindsSchema } from '../../../gen/kinds/v1/kinds_pb.js'

afterEach(() => {
  for (const { id } of authPresets.value) removePreset(id)
  for (const { id } of environments.value) removeEnvironment(id)
  choosePreset(null)
})

test('calls carry the credentials of the preset that is chosen', () => {
  const bearer = addPreset('Ada', { token: 'abc' })
  const basic = addPreset('Bob', { user: 'bob', password: 'é' })
  const key = addPreset('Key', { keys: { 'x-api-key': 'k' } })
  const seen = [bearer, basic, key, null].map((id) => {
    choosePreset(id)
    return [currentPreset.value?.name, ...credentialHeaders.value.flat()]
  })
  expect(seen).toEqual([
    ['Ada', 'authorization', 'Bearer abc'],
    ['Bob', 'authorization', `Basic ${Buffer.from('bob:é').toString('base64')}`],
    ['Key', 'x-api-key', 'k'],
    [undefined],
  ])
  expect(authPresets.value.map(kindOf)).toEqual(['Bearer token', 'Basic, as bob', 'API key in x-api-key'])
  choosePreset(bearer)
  removePreset(bearer)
  expect(credentialHeaders.value).toEqual([])
})

test.each([
  ['', { token: 'a' }, 'a name cannot be empty'],
  ['a', {}, 'needs a token'],
  ['a', { token: 'a\nb' }, 'cannot be sent'],
  ['a', { user: 'a:b' }, 'cannot contain a colon'],
])('a preset named %j with %j is refused', (name, fields, reason) => {
  expect(() => addPreset(name, fields)).toThrow(reason)
  expect(authPresets.value).toEqual([])
})

test('calls use the variables of the environment that is chosen', () => {
  const id = addEnvironment('Staging')
  setVariables(id, [variable('host', 'a.b'), variable('', '')])
  expect(variables.value).toEqual([variable('host', 'a.b')])
  expect(environment.value?.name).toBe('Staging')
  chooseEnvironment(null)
  expect(variables.value).toEqual([])
  expect(() => setVariables(id, [variable('a b', '')])).toThrow('"a b" is not a name')
  expect(() => setVariables(id, [variable('a', '1'), variable('a', '2')])).toThrow('two variables "a"')
})

const VARIABLES = [variable('name', 'it\'s "$&" {{host}}'), variable('host', 'h'), variable('token', 's3cret', true)]

test.each([
  ['{{name}}', 'it\'s "$&" {{host}}'],
  ['a {{ host }}/{{host}}', 'a h/h'],
  ['{{unknown}} {{}} {host} {{ho st}}', '{{unknown}} {{}} {host} {{ho st}}'],
  ['{{constructor}} {{__proto__}}', '{{constructor}} {{__proto__}}'],
])('%j is filled as %j', (text, filled) => {
  expect(fillText(text, VARIABLES)).toBe(filled)
})

test('all texts of a message are filled, and nothing else', () => {
  const json = (host: string) => ({
    stringValue: host,
    bytesValue: 'AQ==',
    strings: ['a', host],
    nesteds: [{ text: host }],
    stringToString: { [host]: host },
    stringToNested: { x: { items: [host] } },
    stringWrapper: host,
    struct: { a: [host, { b: 1 }] },
    value: host,
    chosenText: host,
    same: { same: { stringValue: host } },
    int64Value: '9007199254740993',
  })
  const registry = createRegistry(file_kinds_v1_kinds)
  const message: Message = fromJson(KindsSchema, json('{{host}}'))
  expect(toJson(KindsSchema as DescMessage, fillMessage(KindsSchema, message, VARIABLES), { registry })).toEqual(
    json('h'),
  )
  expect(Reflect.get(message, 'stringValue')).toBe('{{host}}')
  const empty = create(KindsSchema)
  expect(fillMessage(KindsSchema, empty, [])).toBe(empty)
})

test('a call for others has no secrets', () => {
  const saved = {
    method: 'a.B/C',
    protocol: 'connect',
    headers: [
      { name: 'x-host', value: '{{host}}' },
      { name: 'x-token', value: 'Bearer {{token}}' },
    ],
    messages: ['{"a":"{{name}} {{token}}"}'],
  } as const
  const filled = fillSaved(saved, VARIABLES)
  expect(filled.headers).toEqual([
    { name: 'x-host', value: 'h' },
    { name: 'x-token', value: '' },
  ])
  expect(JSON.parse(filled.messages[0] ?? '')).toEqual({ a: 'it\'s "$&" {{host}} {{token}}' })
})

function variable(name: string, value: string, isSecret = false): Variable {
  return { name, value, isSecret }
}
