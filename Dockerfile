# The service's image: one for replicas, migrations, ingest and provisioning.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages are Chroma's own server, which runs in a container of its own.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
 && find node_modules -name '*.map' -delete

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY infra/local/build.mjs infra/local/
COPY src src
RUN node infra/local/build.mjs
ARG VERSION
RUN if [ -n "$VERSION" ]; then npm pkg set version="$VERSION"; fi

FROM ${NODE_IMAGE}
ENV NODE_ENV=production ENVIRONMENT=production
WORKDIR /app
# Folders that volumes are mounted on: a new volume takes over the owner.
RUN install -d -o node -g node -m 750 logs /run/certificate /run/secrets/service /run/secrets/redis /run/secrets/postgres \
      /run/secrets/proxy \
 && install -d -o node -g node -m 700 /srv/chroma
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist
COPY infra/postgres/migrations infra/postgres/migrations
COPY infra/local/certificate.ts infra/local/
COPY infra/operations/provision.ts infra/operations/
COPY infra/knowledge infra/knowledge
COPY infra/institution infra/institution

ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="TUM Chatbot Backend" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
USER node
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SERVER_PORT||8080}/readyz`).then(({ok})=>process.exit(ok?0:1),()=>process.exit(1))"]
# A quarter of the container's memory stays for what is not JavaScript.
CMD ["node", "--enable-source-maps", "--max-old-space-size-percentage=75", "dist/bin/serve.js"]
