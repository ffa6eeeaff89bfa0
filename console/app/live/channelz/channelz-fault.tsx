/** Why channelz cannot be read, and what to do about it. */
import { Code, ConnectError } from '@connectrpc/connect'
import { Notice } from '../../parts/notice.tsx'

/** Draws the notice. `fault` is what reading has thrown. */
export function ChannelzFault({ fault }: { fault: unknown }) {
  return <Notice tone="bad">{textOf(ConnectError.from(fault))}</Notice>
}

function textOf({ code, rawMessage, message }: ConnectError): string {
  switch (code) {
    case Code.PermissionDenied:
      return (
        `The server refuses you its admin services: ${rawMessage}. They have an authorization of their own, which by default refuses all ` +
        'browsers. Sign in as someone whom its option admin.authorize allows.'
      )
    case Code.Unauthenticated:
      return `The admin services need to know who you are: ${rawMessage}. Sign in.`
    case Code.NotFound:
      return 'This is gone: connections end, and what ends is forgotten.'
    case Code.Unavailable:
      return 'The server cannot be reached. The next attempts wait longer and longer.'
    default:
      return `The server does not show this: ${message}`
  }
}
