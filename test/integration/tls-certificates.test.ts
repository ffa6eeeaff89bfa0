/** Certificates of the port: several by name, encrypted keys, and files that change while connections go on. */
import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { type ClientHttp2Session, connect } from 'node:http2'
import path from 'node:path'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import { describe, expect, onTestFinished, test } from 'vitest'
import { onePort } from '../../server/listen/one-port.ts'
import type { OnePortOptions } from '../../server/listen/one-port-options.ts'
import { endOf, sayHello } from '../support/calls.ts'
import { type KeyedCertificate, testCertificates } from '../support/certificates.ts'
import { type StartedApp, startDemo } from '../support/demo-server.ts'
import { exchangeOn } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { plantedSecret } from '../support/planted-secrets.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const { ca, server, client, signFor } = await testCertificates()
const FAILED = 'certificate reload failed: keeping the certificates in use'
const DONE = 'certificates reloaded'

/** The DNS names of the certificate that a client gets. */
async function namesSeen(port: number, servername: string, options: ConnectionOptions = {}): Promise<string> {
  const socket = await handshake(port, servername, options)
  const names = socket.getPeerCertificate().subjectaltname ?? ''
  socket.destroy()
  return names.replaceAll('DNS:', '')
}

async function handshake(port: number, servername: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false, ...options })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** There is no response. The alert arrives during the handshake or after it, or is lost with the connection. */
async function expectRefusal(options: ConnectionOptions): Promise<void> {
  const socket = connectTls({ host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, ...options })
  let received = ''
  socket
    .on('error', () => {})
    .on('data', (chunk) => {
      received += chunk
    })
  socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
  // `once` of node:events would reject with the error.
  await new Promise((resolve) => socket.once('close', resolve))
  expect(received).toBe('')
}

function encrypted(key: string, passphrase: string): string {
  return createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }) as string
}

describe('several certificates', async () => {
  const [first, wild, exact] = [
    await signFor('first.example'),
    await signFor('*.wild.example'),
    await signFor('exact.wild.example'),
  ]
  const START = { ...first, certificates: [wild, exact, { ...server, serverNames: ['Named.example'] }] }

  test.each([
    ['first.example', 'first.example'],
    ['a.wild.example', '*.wild.example'],
    ['A.WILD.example', '*.wild.example'],
    ['exact.wild.example', 'exact.wild.example'],
    ['a.b.wild.example', 'first.example'],
    ['wild.example', 'first.example'],
    ['named.example', 'localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1'],
    ['unknown.example', 'first.example'],
    ['', 'first.example'],
    ['__proto__', 'first.example'],
    ['x'.repeat(250), 'first.example'],
  ])('%s gets the certificate of %s', async (servername, names) => {
    const { port } = await startDemo({ listen: { tls: START } })
    for (const minVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const options = { minVersion, maxVersion: minVersion, ...(servername === '' ? { servername: undefined } : {}) }
      expect(await namesSeen(port, servername, options as ConnectionOptions)).toBe(names)
    }
  })

  test('unknown names get the first of the list, and calls work with each', async () => {
    const { port } = await startDemo({ listen: { tls: { certificates: [server, wild] } } })
    expect(await namesSeen(port, 'unknown.example')).toContain('localhost')
    const session = connect(`https://127.0.0.1:${port}`, { ca, servername: 'a.wild.example' })
    onTestFinished(() => session.destroy())
    const call = sayHello('grpc')
    const headers = { ...call.headers, ':authority': 'a.wild.example' }
    expect(endOf('grpc', await exchangeOn(session, { ...call, headers })).code).toBe('ok')
  })

  test('client certificates are requested with each', async () => {
    const { port } = await startDemo({ listen: { tls: { ca, certificates: [server, wild] } } })
    for (const servername of ['localhost', 'a.wild.example']) {
      await expectRefusal({ port, servername, ca })
      const known = await handshake(port, servername, { ca, ...client })
      known.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
      expect(String((await once(known, 'data'))[0])).toContain('200 OK')
    }
  })
})

test('decrypts an encrypted key with its passphrase', async () => {
  const tls = {
    cert: server.cert,
    key: encrypted(server.key, plantedSecret('passphrase')),
    passphrase: plantedSecret('passphrase'),
  }
  const { port } = await startDemo({ listen: { tls } })
  expect(await namesSeen(port, 'localhost')).toContain('localhost')
})

test('with minVersion TLSv1.3 an older client is rejected, for every server name', async () => {
  const { port } = await startDemo({
    listen: { tls: { certificates: [server, await signFor('b.example')], minVersion: 'TLSv1.3' } },
  })
  for (const servername of ['localhost', 'b.example']) {
    await expect(handshake(port, servername, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/i)
    expect((await handshake(port, servername)).getProtocol()).toBe('TLSv1.3')
  }
})

test.each<[string, object, RegExp]>([
  ['no key', { cert: server.cert }, /tls\.key is missing/],
  ['a value and a file', { ...server, keyFile: 'k.pem' }, /tls\.key and tls\.keyFile must not both be given/],
  [
    'a file that is not there',
    { cert: server.cert, keyFile: '/nowhere/k' },
    /tls\.keyFile "\/nowhere\/k" cannot be read \(ENOENT\)/,
  ],
  ['another key', { cert: server.cert, key: client.key }, /tls\.key does not match the certificate/],
  ['an old version', { ...server, minVersion: 'TLSv1' }, /tls\.minVersion is "TLSv1": it must be/],
  ['a bad name', { ...server, serverNames: ['a.*.example'] }, /tls\.serverNames has "a\.\*\.example"/],
  [
    'a broken one of several',
    { ...server, certificates: [{ cert: 'x', key: 'y' }] },
    /tls\.certificates\[0\]\.cert contains no PEM certificate/,
  ],
  [
    'an unknown name of one of several',
    { ...server, certificates: [{ ...server, pfx: 'x' }] },
    /tls\.certificates\[0\]\.pfx is unknown/,
  ],
])('%s is reported at startup', (_what, tls, message) => {
  const start = () => onePort({ tls } as OnePortOptions).serverFactory((() => {}) as never, {} as never)
  expect(start).toThrow(message)
})

/** A server whose certificate files a test changes, and a way to see that they were reloaded. */
interface Reloadable extends StartedApp {
  readonly folder: string
  readonly log: LogCapture
  readonly session: ClientHttp2Session
  untilLogged(message: string): Promise<void>
}

async function writePair(folder: string, { cert, key }: KeyedCertificate): Promise<void> {
  await writeFile(path.join(folder, 'tls.crt'), cert)
  await writeFile(path.join(folder, 'tls.key'), key)
}

async function startReloadable(
  prepare = writePair,
  more: (folder: string) => OnePortOptions['tls'] = () => ({}),
): Promise<Reloadable> {
  const folder = await temporaryFolder()
  await prepare(folder, server)
  const files = { certFile: path.join(folder, 'tls.crt'), keyFile: path.join(folder, 'tls.key') }
  const log = new LogCapture()
  const app = await startDemo({ logger: log.logger, listen: { tls: { ...files, ...more(folder) } } })
  const session = connect(`https://127.0.0.1:${app.port}`, { ca, servername: 'localhost', ...client })
  onTestFinished(() => session.destroy())
  await once(session, 'connect')
  const untilLogged = async (message: string) => {
    while (log.withMessage(message).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { ...app, folder, log, session, untilLogged }
}

/** The call goes over the connection that was open before. */
async function expectSameSession({ session }: Reloadable): Promise<void> {
  expect(endOf('grpc', await exchangeOn(session, sayHello('grpc'))).code).toBe('ok')
}

/** Like the kubelet: the files are links to `..data/NAME`, and the link `..data` is switched to another folder. */
async function writeProjected(folder: string, pair: KeyedCertificate): Promise<void> {
  const version = `..${Date.now()}_${Math.random()}`
  await mkdir(path.join(folder, version))
  await writePair(path.join(folder, version), pair)
  await rm(path.join(folder, '..data_tmp'), { force: true })
  await symlink(version, path.join(folder, '..data_tmp'))
  await rename(path.join(folder, '..data_tmp'), path.join(folder, '..data'))
  for (const name of ['tls.crt', 'tls.key']) {
    await symlink(path.join('..data', name), path.join(folder, name)).catch(() => {})
  }
}

/** Like certbot: writes new files to an archive, and replaces the links by renaming. */
async function writeArchived(folder: string, pair: KeyedCertificate): Promise<void> {
  const archive = path.join(folder, `archive-${Math.random()}`)
  await mkdir(archive)
  await writePair(archive, pair)
  for (const name of ['tls.crt', 'tls.key']) {
    await symlink(path.join(archive, name), path.join(folder, `${name}.new`))
    await rename(path.join(folder, `${name}.new`), path.join(folder, name))
  }
}

describe('files that change', () => {
  test.each([
    ['are written in place', writePair],
    ['are swapped by the link of their folder', writeProjected],
    ['are links that are renamed over', writeArchived],
  ])('while they %s, new connections get them and open ones continue', async (_how, write) => {
    const app = await startReloadable(write)
    expect(await namesSeen(app.port, 'localhost')).toContain('localhost')
    await write(app.folder, await signFor('renewed.example'))
    await app.untilLogged(DONE)
    expect(await namesSeen(app.port, 'localhost')).toBe('renewed.example')
    await expectSameSession(app)
    await write(app.folder, await signFor('again.example'))
    while ((await namesSeen(app.port, 'localhost')) !== 'again.example') await app.untilLogged(DONE)
    expect(app.log.withMessage(FAILED)).toEqual([])
  })

  test('a mismatched pair is logged, and the current one stays in use until it matches', async () => {
    const app = await startReloadable()
    const renewed = await signFor('renewed.example')
    await writeFile(path.join(app.folder, 'tls.crt'), renewed.cert)
    await app.untilLogged(FAILED)
    expect(await namesSeen(app.port, 'localhost')).toContain('localhost')
    expect(app.log.withMessage(FAILED)[0]).toMatchObject({
      level: 50,
      err: { message: expect.stringMatching(/^tls\.keyFile ".*" does not match the certificate in ".*"$/) },
    })
    await expectSameSession(app)
    await writeFile(path.join(app.folder, 'tls.key'), renewed.key)
    await app.untilLogged(DONE)
    expect(await namesSeen(app.port, 'localhost')).toBe('renewed.example')
  })

  test('a missing file is logged, and serving continues', async () => {
    const app = await startReloadable()
    await rm(path.join(app.folder, 'tls.key'))
    await app.untilLogged(FAILED)
    expect(await namesSeen(app.port, 'localhost')).toContain('localhost')
  })

  test.each([
    ['own', {}],
    ['given', { ticketKeys: Buffer.alloc(48, 'k') }],
  ])(
    'client CAs are reloaded too, and sessions of the old ones are not resumed, with %s ticket keys',
    async (_whose, keys) => {
      const other = await generate([{ name: 'commonName', value: 'other authority' }], {
        keyType: 'ec',
        algorithm: 'sha256',
      })
      const withAuthority = (authority: string) => async (folder: string, pair: KeyedCertificate) => {
        await writePair(folder, pair)
        await writeFile(path.join(folder, 'ca.crt'), authority)
      }
      const app = await startReloadable(withAuthority(ca), (folder) => ({
        caFile: path.join(folder, 'ca.crt'),
        ...keys,
      }))
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        await withAuthority(ca)(app.folder, server)
        expect(app.reloadCertificates()).toBe(true)
        const options = { ca, maxVersion, ...client }
        const before = await handshake(app.port, 'localhost', options)
        const sessions: Buffer[] = []
        before.on('session', (session) => sessions.push(session))
        before.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
        expect(String((await once(before, 'data'))[0])).toContain('200 OK')
        await withAuthority(other.cert)(app.folder, server)
        expect(app.reloadCertificates()).toBe(true)
        for (const session of [undefined, sessions.at(-1)]) {
          await expectRefusal({ port: app.port, ...options, session })
        }
        before.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
        expect(String((await once(before, 'data'))[0])).toContain('200 OK')
      }
    },
  )

  test('reloadCertificates reads at once', async () => {
    const app = await startReloadable()
    await writePair(app.folder, await signFor('renewed.example'))
    expect(app.reloadCertificates()).toBe(true)
    expect(await namesSeen(app.port, 'localhost')).toBe('renewed.example')
    await writeFile(path.join(app.folder, 'tls.key'), 'x')
    expect(app.reloadCertificates()).toBe(false)
    expect(await namesSeen(app.port, 'localhost')).toBe('renewed.example')
    await expectSameSession(app)
  })
})

test('node server reloads certificates on SIGHUP, and keeps running', async () => {
  const folder = await temporaryFolder()
  await writePair(folder, server)
  const files = ['--tls-cert', path.join(folder, 'tls.crt'), '--tls-key', path.join(folder, 'tls.key')]
  const { server: child, port } = await ServerProcess.listen(files)
  await writePair(folder, await signFor('renewed.example'))
  child.kill('SIGHUP')
  await child.untilLine((message) => message === DONE)
  expect(await namesSeen(port, 'localhost')).toBe('renewed.example')
  child.kill('SIGTERM')
  expect(await child.exited).toBe(0)
})
