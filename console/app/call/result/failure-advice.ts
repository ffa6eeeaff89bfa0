/** What a failure means for the user, and what to do about it. */
import type { CallInit, CallStatus } from '../../contracts/live-call.ts'

/** What is known about the server when a call has failed. */
export interface FailureScene {
  /** Whether the server answered a request for its facts right after; null if nobody has asked. */
  readonly isServerThere: boolean | null
  readonly isOnline: boolean
  /** Whether the page has credentials. */
  readonly hasCredentials: boolean
}

/** A sentence or two, and what the page can offer. */
export interface Advice {
  readonly text: string
  readonly offers: 'sign-in' | null
}

/** Returns the advice for a status; null where the status says it all. */
export function adviseOn(
  status: CallStatus,
  { protocol, usesGet, timeoutMs }: CallInit,
  scene: FailureScene,
): Advice | null {
  const { code, httpStatus } = status
  if (code === 'UNAUTHENTICATED' || httpStatus === 401) {
    const text = scene.hasCredentials
      ? 'The server does not accept the credentials of this page.'
      : 'The server needs credentials for this call.'
    return { text, offers: 'sign-in' }
  }
  if (isCut(status)) return plain(unreachable(protocol, scene))
  if (code === 'DEADLINE_EXCEEDED' && timeoutMs !== undefined) {
    return plain(`The call took longer than its deadline of ${timeoutMs} ms.`)
  }
  if (code === 'UNIMPLEMENTED') {
    return plain('The server does not have this method, or does not support it in this protocol.')
  }
  if (httpStatus === 414 || httpStatus === 431) {
    const isByGet = protocol === 'connect' && usesGet
    return plain(
      `The server does not take URLs or headers of this length.${isByGet ? ' Call the method without GET.' : ''}`,
    )
  }
  if (httpStatus === 429) return plain('The server limits how many calls it takes. Try again later.')
  return null
}

/** What our transports say when there is no answer, or when it breaks off. */
const CUT = /^the (?:connection was lost|server cannot be reached|WebSocket could not be opened)/

/** Whether the connection failed, rather than that the server refused the call. */
export function isCut({ code, message }: CallStatus): boolean {
  return code === 'UNAVAILABLE' && CUT.test(message)
}

function plain(text: string): Advice {
  return { text, offers: null }
}

function unreachable(protocol: CallInit['protocol'], { isServerThere, isOnline }: FailureScene): string {
  if (!isOnline) return 'This computer is offline.'
  if (isServerThere === null) return 'The server cannot be reached.'
  if (!isServerThere)
    return 'The server does not answer: it is down, or the network between it and this page is broken.'
  if (protocol === 'websocket') {
    return (
      'The server answers, but a WebSocket to it could not be opened, or broke: the server does not support ' +
      'grpc-websockets, refuses this origin, or a proxy in between does not pass WebSockets on.'
    )
  }
  return (
    'The server answers now. It was down for a moment, the connection was lost, ' +
    "or the browser blocked the request or its response: the browser's developer tools say which."
  )
}
