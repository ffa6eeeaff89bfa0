import { truncate } from 'node:fs/promises'
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { apiKey } from '../../../../../client/node/credentials/api-key.ts'
import { bearerToken } from '../../../../../client/node/credentials/bearer-token.ts'
import type { CallCredentials } from '../../../../../client/node/credentials/call-credentials.ts'
import { combineCredentials } from '../../../../../client/node/credentials/combine-credentials.ts'
import { jwtFile } from '../../../../../client/node/credentials/jwt-file.ts'
import { temporaryFile } from '../../../../support/temporary-file.ts'

const CALL = {
  serviceUrl: 'https://greeter.test/greeter.v1.GreeterService',
  method: 'SayHello',
  path: '/greeter.v1.GreeterService/SayHello',
  authority: 'greeter.test',
}

async function metadataOf(credentials: CallCredentials): Promise<[string, string][]> {
  return [...new Headers(await credentials.metadata(CALL, new AbortController().signal))]
}

test('a bearer token is a string, or the result of a function per call', async () => {
  let calls = 0
  expect(await metadataOf(bearerToken('a.b-c=='))).toEqual([['authorization', 'Bearer a.b-c==']])
  const counting = bearerToken(async () => `token${++calls}`)
  await metadataOf(counting)
  expect(await metadataOf(counting)).toEqual([['authorization', 'Bearer token2']])
})

test.each(['', 'two words', 'line\nbreak', 'ünsafe'])(
  'rejects the bearer token %j, without revealing it',
  async (token) => {
    const fault = /^the bearer token must consist of/
    expect(() => bearerToken(token)).toThrow(fault)
    await expect(metadataOf(bearerToken(() => token))).rejects.toThrow(fault)
  },
)

test('an API key is sent in its field', async () => {
  expect(await metadataOf(apiKey('X-Api-Key', 'k1'))).toEqual([['x-api-key', 'k1']])
})

test.each([
  ['', 'key'],
  ['a b', 'key'],
  ['grpc-key', 'key'],
  ['key-bin', 'key'],
  ['x-api-key', ''],
  ['x-api-key', ' key'],
  ['x-api-key', 'k\r\ney'],
])('rejects an API key of %j and %j', (name, key) => {
  expect(() => apiKey(name, key)).toThrow(RangeError)
})

test('a JWT is read from its file', async () => {
  const token = `e30.${Buffer.from('{"exp":4102444800}').toString('base64url')}.c2ln`
  const credentials = jwtFile(await temporaryFile('token', `${token}\n`))
  expect(await metadataOf(credentials)).toEqual([['authorization', `Bearer ${token}`]])
  await expect(metadataOf(jwtFile('/nowhere/token'))).rejects.toThrow('the JWT file cannot be read')
  expect(() => jwtFile('')).toThrow('must name a file')
})

test('a file too long for a JWT is read only far enough to see that', async () => {
  const file = await temporaryFile('token', '')
  await truncate(file, 2 ** 33)
  await expect(metadataOf(jwtFile(file))).rejects.toMatchObject({
    code: Code.Unauthenticated,
    rawMessage: 'the JWT file holds none',
  })
})

test('combined credentials are sent in order, and require TLS if one of them does', async () => {
  const open = { requiresTls: false }
  const combined = combineCredentials(apiKey('x-key', 'k1', open), bearerToken('t1', open), apiKey('x-key', 'k2', open))
  expect(await metadataOf(combined)).toEqual([
    ['authorization', 'Bearer t1'],
    ['x-key', 'k1, k2'],
  ])
  expect(combined.requiresTls).toBe(false)
  expect(combineCredentials(combined, bearerToken('t2')).requiresTls).toBe(true)
})

test('a JWT is not read from a directory or a device', async () => {
  for (const path of ['/', '/dev/zero']) {
    await expect(metadataOf(jwtFile(path))).rejects.toMatchObject({
      code: Code.Unavailable,
      cause: { message: 'it is not a regular file' },
    })
  }
})
