import { describe, expect, it } from 'vitest'
import { CallForm } from '../../../../console/app/call/call-form.ts'
import { parseDeadline } from '../../../../console/app/call/form/deadline.ts'
import { faultOfHeader } from '../../../../console/app/call/form/header-row.ts'
import { refusalOf } from '../../../../console/app/call/protocols/protocol-facts.ts'
import { callContext, FACTS } from '../../../support/console/call-context.ts'

const { api } = callContext('http://127.0.0.1')

function methodOf(name: string) {
  const method = api.methodOf(`greeter.v1.GreeterService/${name}`)
  if (method === undefined) throw new Error(`no method ${name}`)
  return method
}

function formOf(name: string): CallForm {
  return new CallForm(methodOf(name), FACTS, api.registry)
}

describe('a saved call', () => {
  it('survives the form, without its secrets', () => {
    const form = formOf('SayHello')
    form.protocol.value = 'grpc-web'
    form.usesGet.value = true
    form.addHeader('X-Color', 'blue')
    form.addHeader('Authorization', 'Bearer secret')
    form.addHeader('', '')
    form.deadline.value = '1.5s'
    form.draft.setText('{"name":"Ada"}')
    const saved = form.toSavedCall()
    expect(saved).toEqual({
      method: 'greeter.v1.GreeterService/SayHello',
      protocol: 'grpc-web',
      usesGet: true,
      headers: [
        { name: 'x-color', value: 'blue' },
        { name: 'authorization', value: '' },
      ],
      timeoutMs: 1_500,
      messages: ['{"name":"Ada"}'],
    })
    const other = formOf('SayHello')
    other.fromSavedCall(JSON.parse(JSON.stringify(saved)))
    expect(other.toSavedCall()).toEqual(saved)
  })

  it('of a stream keeps all its messages', () => {
    const messages = ['{"topic":"a"}', '{"topic":"b"}', '{"topic":"c"}']
    const form = formOf('PutStream')
    form.fromSavedCall({ method: '', protocol: 'websocket', headers: [], messages })
    expect(form.draft.text.value).toBe(messages[0])
    expect(form.toSavedCall().messages).toEqual(messages)
    form.fromSavedCall({ method: '', protocol: 'websocket', headers: [], messages: ['{}'] })
    expect(form.toSavedCall().messages).toEqual(['{}'])
  })

  it('does not keep what the form had', () => {
    const form = formOf('SayHello')
    form.addHeader('x-old', '1')
    form.deadline.value = '1s'
    form.fromSavedCall({ method: '', protocol: 'connect', headers: [], messages: [] })
    expect(form.toInit()).toMatchObject({ headers: [], timeoutMs: undefined, protocol: 'connect' })
  })
})

it('starts with the first protocol that can carry the method', () => {
  expect(formOf('SayHello').protocol.value).toBe('connect')
  expect(formOf('AllStream').protocol.value).toBe('websocket')
})

it('names what keeps a call from being made', () => {
  const form = formOf('PutStream')
  form.protocol.value = 'connect'
  form.addHeader('bad name', 'x')
  form.deadline.value = 'soon'
  expect(form.faults.value).toEqual([
    expect.stringContaining('Browsers cannot send a stream'),
    expect.stringContaining('bad name: A name is'),
    expect.stringContaining('Write the deadline as'),
  ])
})

it.each([
  ['', ''],
  ['x-color', 'light blue'],
  ['x-key-bin', 'AP8='],
  ['X-Upper', '1'],
])('%s: %s is fine', (name, value) => {
  expect(faultOfHeader({ name, value })).toBeNull()
})

it.each([
  ['', 'x', /needs a name/],
  ['a b', '', /without spaces/],
  ['naïve', '', /without spaces/],
  ['host', 'x', /do not let pages set/],
  ['set-cookie', 'x', /do not let pages set/],
  ['Cookie', 'x', /do not let pages set/],
  ['sec-fetch-mode', 'x', /do not let pages set/],
  ['grpc-timeout', '1S', /The protocol sets/],
  ['content-type', 'x', /The protocol sets/],
  ['x-a', 'ü', /printable ASCII/],
  ['x-a-bin', 'not base64!', /base64/],
])('%s: %s has a fault', (name, value, fault) => {
  expect(faultOfHeader({ name, value })).toMatch(fault)
})

it.each([
  ['', undefined],
  ['250', 250],
  [' 1.5s ', 1_500],
  ['2m', 120_000],
  ['1 h', 3_600_000],
])('the deadline %j is %s ms', (text, ms) => {
  expect(parseDeadline(text)).toBe(ms)
})

it.each(['0', '-1s', 'soon', '1d', '999999h', '0.1ms'])('%j is no deadline', (text) => {
  expect(() => parseDeadline(text)).toThrow('Write the deadline as')
})

it.each([
  ['connect', 'PutStream', /stream of messages by fetch/],
  ['rest', 'AllStream', /stream of messages by fetch/],
  ['grpc', 'SayHello', /trailers/],
])('%s cannot carry %s', (protocol, name, reason) => {
  expect(refusalOf(protocol as 'connect', methodOf(name), FACTS)).toMatch(reason)
})

it('offers only what the server answers', () => {
  const facts = { ...FACTS, protocols: ['grpc-web'] as const }
  expect(refusalOf('connect', methodOf('SayHello'), facts)).toMatch('does not support Connect')
  expect(refusalOf('grpc-web', methodOf('SayHello'), facts)).toBeNull()
})
