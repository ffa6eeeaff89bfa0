/** `portico registry` over the targets that need no registry, as a program. */
import { once } from 'node:events'
import { rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runProgram, spawnProgram } from '../support/client-program.ts'
import { outputLines } from '../support/output-lines.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** 64 and the code UNAVAILABLE. */
const EXIT_UNAVAILABLE = 78
const EXIT_USAGE = 2

const ENDPOINTS = [
  '10.0.0.1:80',
  { addresses: ['10.0.0.2:80', '[fd00::2]:80'], weight: 4, zone: 'west', hostname: 'b.example' },
  { address: 'unix:/run/app.sock', version: '1.2 \u009b2J' },
]

test('list prints a table, or JSON with one object per line', async () => {
  const target = `file://${await temporaryFile('backends.json', JSON.stringify(ENDPOINTS))}`
  const { code, stdout } = await runProgram(['registry', 'list', target])
  expect(code).toBe(0)
  expect(stdout.split('\n')).toEqual([
    'ADDRESS                   WEIGHT  ZONE  VERSION         ATTRIBUTES',
    '10.0.0.1:80',
    '10.0.0.2:80,[fd00::2]:80       4  west                  hostname=b.example',
    'unix:/run/app.sock                      "1.2 \\u009b2J"',
    '',
  ])
  const { stdout: json } = await runProgram(['registry', 'list', target, '--json'])
  expect(json).not.toContain('\u009b')
  const shown = json
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  expect(shown).toEqual([
    { addresses: ['10.0.0.1:80'], attributes: {} },
    { addresses: ['10.0.0.2:80', '[fd00::2]:80'], attributes: { weight: 4, zone: 'west', hostname: 'b.example' } },
    { addresses: ['unix:/run/app.sock'], attributes: { version: '1.2 \u009b2J' } },
  ])
})

test.each([
  ['dns:///127.0.0.1:80', '127.0.0.1:80'],
  ['[::1]:80', '[::1]:80'],
  ['static:///a.example:80,b.example:81', 'b.example:81'],
  ['ipv4:10.0.0.1:80,10.0.0.2:80', '10.0.0.2:80'],
  ['unix:/run/app.sock', 'unix:/run/app.sock'],
])('list takes every target: %s', async (target, address) => {
  const { code, stdout } = await runProgram(['registry', 'list', target])
  expect(stdout.split('\n')).toContain(address)
  expect(code).toBe(0)
})

test.each([
  [['lst', 'dns:///a'], 'error: unknown ACTION "lst"; did you mean list?'],
  [['list'], 'error: TARGET is missing'],
  [['list', 'foo://a/b'], 'error: unknown scheme foo: must be one of dns, '],
  [['list', 'dns:///a:b'], 'error: invalid target "dns:///a:b": '],
  [['list', 'file:///'], 'error: invalid target "file:///": '],
  [['watch', 'dns:///a', '--timeout', '1s'], 'error: --timeout cannot be used with watch'],
  [['list', 'dns:///a', '--refresh', '1s'], 'error: --refresh cannot be used with list'],
  [['watch', 'dns:///a', '--refresh', '0'], 'error: --refresh "0" must be a duration'],
])('%j is rejected', async (args, error) => {
  const { code, stdout, stderr } = await runProgram(['registry', ...args])
  expect({ code, stdout }).toEqual({ code: EXIT_USAGE, stdout: '' })
  expect(stderr).toContain(error)
  expect(stderr).toContain('hint: portico registry --help')
})

test.each([
  ['a missing file', 'file:///nowhere/backends.json', 'is not usable'],
  ['a name without addresses', 'dns:///nowhere.invalid:80', ''],
])('list fails for %s', async (_what, target, reason) => {
  const { code, stdout, stderr } = await runProgram(['registry', 'list', target])
  expect({ code, stdout }).toEqual({ code: EXIT_UNAVAILABLE, stdout: '' })
  expect(stderr).toMatch(/^error: unavailable \(14\): /)
  expect(stderr).toContain(reason)
})

test.each([
  ['registry list', ['registry', 'list', 'etcd://me:s3cret@127.0.0.1:1/greeter'], EXIT_UNAVAILABLE],
  ['a service that is invalid', ['registry', 'list', 'etcd://me:s3cret@127.0.0.1:1/'], EXIT_USAGE],
  ['a password that is not encoded', ['registry', 'list', 'etcd://me:pass@s3cret@127.0.0.1:1/greeter'], EXIT_USAGE],
  ['a registry without users', ['registry', 'list', 'consul://me:s3cret@127.0.0.1:1/greeter'], EXIT_USAGE],
  ['a call', ['call', 'etcd://me:s3cret@127.0.0.1:1/greeter', 'a.B/C', '-d', '{}', '--plaintext'], EXIT_UNAVAILABLE],
  ['channel', ['channel', 'etcd://me:s3cret@127.0.0.1:1/greeter', '--plaintext', '--timeout', '100ms'], 1],
])('credentials of a registry are not shown by %s', async (_what, args, exitCode) => {
  const { code, stdout, stderr } = await runProgram(args)
  expect(code).toBe(exitCode)
  expect(stderr).toMatch(/^error: /)
  expect(stdout + stderr).not.toContain('s3cret')
})

test('watch prints each change with its time, shows errors, and tries again until interrupted', async () => {
  const file = path.join(await temporaryFolder(), 'backends.json')
  const write = async (endpoints: readonly (string | object)[]) => {
    await writeFile(`${file}.new`, JSON.stringify(endpoints))
    await rename(`${file}.new`, file)
  }
  const child = spawnProgram(['registry', 'watch', `file://${file}`])
  const seen = outputLines(child.stdout, (line) => {
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z /)
    return line.replace(/^\S+ /, '').replace(/(error +unavailable): .*/, '$1')
  })
  await seen.until('error   unavailable')
  await write(['10.0.0.1:80', { address: '10.0.0.2:80', weight: 2 }])
  await seen.until('added   10.0.0.2:80 weight=2')
  await write([{ address: '10.0.0.2:80', weight: 3, zone: 'west' }, '10.0.0.3:80'])
  await seen.until('removed 10.0.0.1:80')
  await rm(file)
  await expect.poll(() => seen.lines.at(-1), { timeout: 10_000 }).toBe('error   unavailable')
  await write([{ address: '10.0.0.2:80', weight: 3, zone: 'west' }])
  await seen.until('removed 10.0.0.3:80')
  const changes = seen.lines.filter((line) => !line.startsWith('error'))
  expect(changes).toEqual([
    'added   10.0.0.1:80',
    'added   10.0.0.2:80 weight=2',
    'changed 10.0.0.2:80 weight=3 zone=west',
    'added   10.0.0.3:80',
    'removed 10.0.0.1:80',
    'removed 10.0.0.3:80',
  ])
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('watch --json prints an object per line, and ends with its reader', async () => {
  const target = `file://${await temporaryFile('backends.json', JSON.stringify(ENDPOINTS.slice(0, 1)))}`
  const child = spawnProgram(['registry', 'watch', target, '--json'])
  const seen = outputLines(child.stdout, (line) => line)
  await expect.poll(() => seen.lines, { timeout: 10_000 }).toHaveLength(1)
  expect(JSON.parse(seen.lines[0] ?? '')).toEqual({
    at: expect.stringMatching(/^\d{4}-/),
    change: 'added',
    addresses: ['10.0.0.1:80'],
    attributes: {},
  })
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})
