/** Say hello: one unary call, by the protocol of one's choice. */
import { create } from '@bufbuild/protobuf'
import { ConnectError } from '@connectrpc/connect'
import { SayHelloRequestSchema } from '../../../../gen/greeter/v1/greeter_pb.js'
import { GreeterService, type WebProtocol } from '../../public.ts'
import { curlCommand } from '../parts/curl-command.ts'
import { codeName, errorText } from '../parts/error-text.ts'
import { formatDuration } from '../parts/format.ts'
import { BASE_URL, greeterClients, UNARY_TIMEOUT_MS } from '../parts/greeter-clients.ts'
import { need, needPart } from '../parts/need.ts'
import type { View } from './view.ts'

const PROTOCOL_NAMES: Readonly<Record<WebProtocol, string>> = {
  connect: 'Connect, JSON',
  'grpc-web': 'gRPC-Web, binary',
}

/** Wires up the section. */
export function createHelloView(section: HTMLElement): View {
  const form = need(section, 'form', HTMLFormElement)
  const curl = needPart(section, 'curl')
  const showCommand = () => {
    curl.textContent = commandFor(form)
    needPart(section, 'copied').textContent = ''
  }
  form.addEventListener('input', showCommand)
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (form.ariaBusy === 'true') return
    form.ariaBusy = 'true'
    await sayHello(section, form)
    form.ariaBusy = 'false'
  })
  needPart(section, 'copy').addEventListener('click', () => copy(curl, needPart(section, 'copied')))
  showCommand()
  return { section, show() {}, hide() {} }
}

async function sayHello(section: HTMLElement, form: HTMLFormElement): Promise<void> {
  const { name, protocol } = valuesOf(form)
  const answer = needPart(section, 'answer')
  const startedMs = performance.now()
  let code = 'OK'
  try {
    const { message } = await greeterClients[protocol].sayHello({ name }, { timeoutMs: UNARY_TIMEOUT_MS })
    answer.textContent = message
  } catch (error) {
    code = codeName(ConnectError.from(error).code)
    answer.textContent = errorText(error)
  }
  answer.dataset.state = code === 'OK' ? 'ok' : 'error'
  needPart(section, 'code').textContent = code
  needPart(section, 'duration').textContent = formatDuration(performance.now() - startedMs)
  needPart(section, 'protocol').textContent = PROTOCOL_NAMES[protocol]
}

function commandFor(form: HTMLFormElement): string {
  const { name, protocol } = valuesOf(form)
  const request = create(SayHelloRequestSchema, { name })
  return curlCommand({ method: GreeterService.method.sayHello, baseUrl: BASE_URL, protocol, request })
}

function valuesOf(form: HTMLFormElement): { name: string; protocol: WebProtocol } {
  const { value: name } = need(form, '[name="who"]', HTMLInputElement)
  const { value: protocol } = need(form, '[name="protocol"]:checked', HTMLInputElement)
  return { name, protocol: protocol === 'grpc-web' ? 'grpc-web' : 'connect' }
}

/** Browsers lend the clipboard to secure origins only: elsewhere the text is selected, for the user to copy. */
async function copy(source: HTMLElement, status: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(source.textContent)
    status.textContent = 'Copied'
  } catch {
    getSelection()?.selectAllChildren(source)
    status.textContent = 'Selected: copy it with the keyboard'
  }
}
