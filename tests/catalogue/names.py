"""The names that the catalogue must have, group by group. The cases may be more; none of these may be missing."""

from collections.abc import Mapping

NAMES: Mapping[str, tuple[str, ...]] = {
    "network": tuple(
        "nxdomain dns-timeout dns-mixed-public-private dns-rebind refused blackhole first-ip-dead tls-expired "
        "tls-wrong-host tls-self-signed reset-midbody ssh-banner".split()
    ),
    "ssrf": tuple(
        "127.1 2130706433 0x7f.1 0177.0.0.1 localhost. 0.0.0.0 [::1] [::ffff:127.0.0.1] [::127.0.0.1] [fec0::1] "
        "[64:ff9b::a9fe:a9fe] [2002:7f00:1::] 100.64.0.1 169.254.169.254 168.63.129.16 circled-digit-hosts "
        "backslash-at redirect-to-private env-proxy article-link-to-private".split()
    ),
    "http": tuple(
        "drip-body drip-headers gzip-bomb twelve-codings truncated-gzip bad-gzip short-length short-chunked "
        "http10-cut negative-length duplicate-length header-200k headers-500 redirect-loop redirect-file unasked-304 "
        "429-retry-after 403-challenge 410 wrong-content-type".split()
    ),
    "encoding": tuple(
        "no-charset bogus-charset header-vs-meta bom-conflict utf16 nul lone-surrogate mid-character-cut".split()
    ),
    "html": tuple(
        "depth-300 depth-100k text-11mb siblings-1m attributes-60k unclosed-comment svg-math-mxss srcdoc "
        "javascript-url".split()
    ),
    "xml": tuple(
        "billion-laughs external-entity control-char ufffe cdata-end-in-text undefined-entity depth-1000".split()
    ),
    "dates": tuple("none feb-31 year-9999 offset-9999 digits-5000 future naive".split()),
    "urls": tuple("http-https utm-added session-token relative-base idn long-10k trailing-slash".split()),
    "semantics": tuple(
        "blank-200 error-page-200 consent-wall layout-change-zero shrink-90 all-urls-changed all-redated "
        "duplicate-guid same-url-new-title".split()
    ),
    "files": tuple(
        "disk-full read-only fsync-fails fsize-limit stale-temp symlink-target corrupt-db foreign-owner".split()
    ),
    "clock": tuple("jump-back jump-forward dst-fold dst-gap".split()),
    "process": tuple(
        "kill-9 sigterm-midrun sighup-bad-config second-instance hung-job store-error thread-death "
        "out-of-memory".split()
    ),
    "config": tuple("unknown-key bad-cron duplicate-output path-traversal interval-zero".split()),
}
