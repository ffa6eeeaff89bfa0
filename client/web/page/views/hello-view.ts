/** Say hello: one unary call, with the protocol of the user's choice. */
import { create } from '@bufbuild/protobuf'
import { ConnectError } from '@connectrpc/connect'
import { GreeterService, SayHelloRequestSchema } from '../../../../gen/greeter/v1/greeter_pb.js'
import type { WebProtocol } from '../../public.ts'
import { linkToConsole } from '../parts/console-link.ts'
import { curlCommand } from '../parts/curl-command.ts'
import { codeName, errorText } from '../parts/error-text.ts'
import { formatDuration } from '../parts/format.ts'
import { BASE_URL, greeterClients, UNARY_TIMEOUT_MS } from '../parts/greeter-clients.ts'
import { need, needPart } from '../parts/need.ts'
import { Retries } from '../parts/retries.ts'
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
    const { name, protocol } = valuesOf(form)
    void linkToConsole(section, { method: 'greeter.v1.GreeterService/SayHello', protocol, messages: [{ name }] })
  }
  form.addEventListener('input', showCommand)
  const retries = new Retries(needPart(section, 'badge'), () => ask())
  const ask = async () => {
    if (form.ariaBusy === 'true') return
    form.ariaBusy = 'true'
    retries.onOutcome(await sayHello(section, form))
    form.ariaBusy = 'false'
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void ask()
  })
  needPart(section, 'copy').addEventListener('click', () => copy(curl, needPart(section, 'copied')))
  showCommand()
  return { section, show: () => retries.resume(), hide: () => retries.pause() }
}

/** Makes the call and shows the response. Returns the error, if there was one. */
async function sayHello(section: HTMLElement, form: HTMLFormElement): Promise<ConnectError | undefined> {
  const { name, protocol } = valuesOf(form)
  const answer = needPart(section, 'answer')
  const startedMs = performance.now()
  let failure: ConnectError | undefined
  try {
    const { message } = await greeterClients[protocol].sayHello({ name }, { timeoutMs: UNARY_TIMEOUT_MS })
    answer.textContent = message
  } catch (error) {
    failure = ConnectError.from(error)
    answer.textContent = errorText(failure)
  }
  answer.dataset.state = failure === undefined ? 'ok' : 'error'
  needPart(section, 'code').textContent = failure === undefined ? 'OK' : codeName(failure.code)
  needPart(section, 'duration').textContent = formatDuration(performance.now() - startedMs)
  needPart(section, 'protocol').textContent = PROTOCOL_NAMES[protocol]
  return failure
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

/** Browsers allow the clipboard on secure origins only. Elsewhere, selects the text for the user to copy. */
async function copy(source: HTMLElement, status: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(source.textContent)
    status.textContent = 'Copied'
  } catch {
    getSelection()?.selectAllChildren(source)
    status.textContent = 'Selected: copy it with the keyboard'
  }
}
