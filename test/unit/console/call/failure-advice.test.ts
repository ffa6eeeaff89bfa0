import { expect, it } from 'vitest'
import { adviseOn, type FailureScene } from '../../../../console/app/call/result/failure-advice.ts'
import type { CallInit, CallStatus } from '../../../../console/app/contracts/live-call.ts'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'

const SCENE: FailureScene = { isServerThere: null, isOnline: true, hasCredentials: false }
const INIT: CallInit = {
  method: GreeterService.method.sayHello,
  protocol: 'connect',
  usesGet: false,
  headers: [],
  timeoutMs: undefined,
}

function advise(status: Partial<CallStatus>, scene: Partial<FailureScene> = {}, init: Partial<CallInit> = {}) {
  const whole = {
    code: 'UNAVAILABLE',
    message: 'the connection was lost: network error',
    httpStatus: 200,
    details: [],
    ...status,
  }
  return adviseOn(whole, { ...INIT, ...init }, { ...SCENE, ...scene })
}

it.each([
  ['UNAUTHENTICATED', null],
  ['UNKNOWN', 401],
])('offers to sign in for %s and HTTP %s', (code, httpStatus) => {
  expect(advise({ code, httpStatus })).toEqual({
    text: 'The server needs credentials for this call.',
    offers: 'sign-in',
  })
  expect(advise({ code, httpStatus }, { hasCredentials: true })?.text).toMatch('does not accept the credentials')
})

it.each<[string, Partial<FailureScene>, Partial<CallInit>, RegExp]>([
  ['the computer is offline', { isOnline: false }, {}, /offline/],
  ['nobody has asked yet', {}, {}, /cannot be reached/],
  ['the server is down', { isServerThere: false }, {}, /is down/],
  ['the browser blocks', { isServerThere: true }, {}, /answers now.*developer tools/],
  ['WebSockets do not pass', { isServerThere: true }, { protocol: 'websocket' }, /does not pass WebSockets on/],
])('tells whether %s', (_name, scene, init, text) => {
  expect(advise({}, scene, init)?.text).toMatch(text)
})

it.each([414, 431])('says that a message is too long for GET: HTTP %i', (httpStatus) => {
  const status = { code: 'UNKNOWN', message: '', httpStatus }
  expect(advise(status, {}, { usesGet: true })?.text).toMatch(/this length\..*without GET/)
  expect(advise(status, {}, { usesGet: true, protocol: 'rest' })?.text).toMatch(/this length\.$/)
})

it('says which deadline was over', () => {
  expect(advise({ code: 'DEADLINE_EXCEEDED' }, {}, { timeoutMs: 50 })?.text).toMatch('50 ms')
  expect(advise({ code: 'DEADLINE_EXCEEDED' })).toBeNull()
})

it('adds nothing to a status of the service', () => {
  expect(advise({ code: 'NOT_FOUND', httpStatus: 404 })).toBeNull()
  expect(advise({ code: 'UNAVAILABLE', message: 'overloaded', httpStatus: 503 })).toBeNull()
})
