import type { IncomingMessage, ServerResponse } from 'node:http';
import { InProcessSite, type SiteLimits } from './in-process-site.ts';
import { SiteCover } from './site-cover.ts';

/** What the `send` library answers for a missing file, so that both covers without a proxy are one kind of server. */
const NOT_FOUND = Buffer.from(
  `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Error</title>
</head>
<body>
<pre>Not Found</pre>
</body>
</html>
`,
);

/** 404 to every method and path. */
export function answerNotFound(_request: IncomingMessage, response: ServerResponse): void {
  response.statusCode = 404;
  response.setHeader('Content-Security-Policy', "default-src 'none'");
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Type', 'text/html; charset=UTF-8');
  response.setHeader('Content-Length', NOT_FOUND.length);
  response.end(NOT_FOUND);
}

/** A site without pages, by a plain Node server. */
export function createNoneCover(limits: SiteLimits): SiteCover {
  return new SiteCover(new InProcessSite(answerNotFound, limits));
}
