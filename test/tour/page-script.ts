/** The script of the page of the tour. */
/** It calls the frontend as a stranger and as a known caller, and shows what comes back. */
export const PAGE_SCRIPT = `
import { createClient, createConnectTransport } from './client/web/connect/public.ts'
import { GreeterService } from './gen/greeter/v1/greeter_pb.js'

const { token, traceparent } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
const greeter = createClient(GreeterService, createConnectTransport())

async function show(headers) {
  const text = await greeter.sayHello({ name: 'browser' }, { headers }).then(
    ({ message }) => message,
    (error) => error.message,
  )
  document.body.append(text, document.createElement('br'))
}

await show({})
await show({ authorization: 'Bearer ' + token, traceparent })
document.body.append('done')
`
