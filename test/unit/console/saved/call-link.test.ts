import { expect, test } from 'vitest'
import type { SavedCall } from '../../../../console/app/contracts/saved-call.ts'
import { decodeCall, encodeCall } from '../../../../console/app/saved/call-link.ts'

const CALL: SavedCall = {
  method: 'greeter.v1.GreeterService/SayHello',
  protocol: 'connect',
  usesGet: true,
  headers: [{ name: 'x-trace', value: 'a b' }],
  timeoutMs: 1500,
  messages: ['{"name":"\u202e👩‍👩‍👧 <b>\'\\n"}'],
}

test('a link holds the whole call', async () => {
  const text = await encodeCall(CALL)
  expect(text).toMatch(/^1\.[\w-]+$/)
  expect(await decodeCall(text)).toEqual(CALL)
  const smallest: SavedCall = { method: 'a/B', protocol: 'grpc-web', headers: [], messages: [] }
  expect(await decodeCall(await encodeCall(smallest))).toEqual(smallest)
})

test.each(['Authorization', 'cookie', ' X-API-Key '])('a link never has the value of %s', async (name) => {
  const secret = { ...CALL, headers: [{ name, value: 'hunter2' }] }
  const decoded = await decodeCall(await encodeCall(secret))
  expect(decoded.headers).toEqual([{ name, value: '' }])
})

test('a link cannot set the value of a secret', async () => {
  const forged = await pack({ ...CALL, headers: [{ name: 'authorization', value: 'Bearer theirs' }] })
  expect((await decodeCall(forged)).headers).toEqual([{ name: 'authorization', value: '' }])
})

test.each([
  ['', 'another version'],
  ['2.AAAA', 'another version'],
  ['1.', 'damaged or cut off'],
  ['1.!!', 'damaged or cut off'],
  ['1.AAAAA', 'damaged or cut off'],
  ['1.____', 'damaged or cut off'],
])('%j is refused', async (text, reason) => {
  await expect(decodeCall(text)).rejects.toThrow(reason)
})

test('a link that is cut off is refused, wherever it is cut', async () => {
  const text = await encodeCall(CALL)
  for (let length = 0; length < text.length; length += 7) {
    await expect(decodeCall(text.slice(0, length))).rejects.toThrow(/cut off|another version/)
  }
})

test.each([
  [[], 'the call must be an object'],
  [{}, 'method must be a method'],
  [{ ...CALL, method: '../../admin/x' }, 'method must be a method'],
  [{ ...CALL, protocol: '__proto__' }, 'protocol must be one of connect'],
  [{ ...CALL, headers: [{ name: 'a' }] }, 'headers[0].value must be a text'],
  [{ ...CALL, headers: Array(101).fill({ name: 'a', value: '' }) }, 'headers has 101 entries'],
  [{ ...CALL, timeoutMs: -1 }, 'timeoutMs must be a number from 0'],
  [{ ...CALL, messages: ['{}', 1] }, 'messages[1] must be a text'],
])('a link with %j is refused', async (value, reason) => {
  await expect(pack(value).then(decodeCall)).rejects.toThrow(reason)
})

test('unknown and hostile keys are left out', async () => {
  const text = JSON.stringify({ ...CALL, extra: 1 }).replace('"extra"', '"__proto__":{"polluted":true},"constructor"')
  const decoded = await decodeCall(await packText(text))
  expect(decoded).toEqual(CALL)
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
})

test('a link that inflates to more than 1 MiB is refused', async () => {
  const bomb = await pack({ ...CALL, messages: ['0'.repeat(50 * 1024 * 1024)] })
  expect(bomb.length).toBeLessThan(100_000)
  await expect(decodeCall(bomb)).rejects.toThrow('more than 1024 KiB')
})

test('a call that is too large for a link is refused', async () => {
  await expect(encodeCall({ ...CALL, messages: ['0'.repeat(2 ** 20)] })).rejects.toThrow('export it as a file')
})

function pack(value: unknown): Promise<string> {
  return packText(JSON.stringify(value))
}

async function packText(text: string): Promise<string> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return `1.${Buffer.from(await new Response(packed).arrayBuffer()).toString('base64url')}`
}
