/** The configs of nginx and HAProxy that the page about proxies shows. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { testCertificates } from '../../support/certificates.ts'
import { runCommand } from '../../support/command.ts'
import { fileOnPage } from '../../support/pages/read-page.ts'
import { replaceTexts } from '../../support/pages/replace-texts.ts'
import { freePort } from '../../support/ports.ts'
import type { Check } from '../../support/run-checks.ts'
import { startBackend } from './backend.ts'
import { expectAllAnswered, withOurClient } from './greet.ts'
import type { ProxyChecks } from './nginx.ts'
import { startDaemon } from './start-daemon.ts'

const PAGE = 'docs/deploying/proxies.md'
const HOST = 'shop.example'

/** Starts both proxies in front of a server, as the page shows them except for ports and paths. They run until disposal. */
export async function pageConfigChecks(folder: string): Promise<ProxyChecks> {
  await using started = new AsyncDisposableStack()
  // On loopback, as the page says, so the host that the proxies pass on must be allowed.
  const backend = started.use(await startBackend({ allowedHosts: [HOST] }))
  const { ca, signFor } = await testCertificates()
  const server = await signFor(HOST)
  const bundle = path.join(folder, 'shop-bundle.pem')
  await writeFile(path.join(folder, 'shop.pem'), server.cert)
  await writeFile(path.join(folder, 'shop-key.pem'), server.key)
  await writeFile(bundle, `${server.cert}\n${server.key}`)

  const [nginxPort, haproxyPort] = await Promise.all([freePort(), freePort()])
  const place = { '/etc/ssl/': `${folder}/`, '127.0.0.1:8080': `127.0.0.1:${backend.port}` }
  const nginx = path.join(folder, 'page-nginx.conf')
  const haproxy = path.join(folder, 'page-haproxy.cfg')
  await writeFile(nginx, nginxConfig(folder, { ...place, '443': String(nginxPort) }))
  await writeFile(haproxy, replaceTexts(fileOnPage(PAGE, 'haproxy.cfg'), { ...place, '443': String(haproxyPort) }))
  await runCommand({ program: '/usr/sbin/nginx', args: ['-t', '-p', folder, '-c', nginx] })
  await runCommand({ program: '/usr/sbin/haproxy', args: ['-c', '-f', haproxy] })
  const run = { program: '/usr/sbin/nginx', args: ['-p', folder, '-c', nginx, '-g', 'daemon off;'] }
  started.use(await startDaemon(run, [nginxPort]))
  started.use(await startDaemon({ program: '/usr/sbin/haproxy', args: ['-db', '-q', '-f', haproxy] }, [haproxyPort]))
  const running = started.move()
  const checks = [...throughTls('nginx', nginxPort, ca), ...throughTls('HAProxy', haproxyPort, ca)]
  return { checks, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** nginx writes its files into the directory, and needs no separate user. */
function nginxConfig(folder: string, replaced: Readonly<Record<string, string>>): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder};`)
  const own = `http {\n  access_log off;\n  ${temporary.join('\n  ')}`
  const config = replaceTexts(fileOnPage(PAGE, 'nginx.conf'), replaced).replace('http {', own)
  return `user root;\npid ${folder}/page-nginx.pid;\nerror_log stderr crit;\n${config}`
}

function throughTls(proxy: string, port: number, ca: string): Check[] {
  return (['grpc', 'grpc-web', 'connect'] as const).flatMap((protocol) =>
    (['2', '1.1'] as const)
      .filter((httpVersion) => protocol !== 'grpc' || httpVersion === '2')
      .map((httpVersion) => ({
        name: `${proxy} of the page: 100 calls by ${protocol} over HTTP/${httpVersion} and TLS`,
        async run() {
          const tls = { ca, servername: HOST }
          const options = { baseUrl: `https://127.0.0.1:${port}`, authority: HOST, tls, protocol, httpVersion }
          await withOurClient(options, (call) => expectAllAnswered(call, 10, 10))
        },
      })),
  )
}
