import { defineConfig } from 'vite'

export default defineConfig({
  server: {
    // In development Vite serves the page, and passes the calls on to the server.
    proxy: { '^/my_service\\.v1\\.': `http://127.0.0.1:${process.env.PORT ?? 8080}` },
  },
})
