# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# What the lab's machine is made of: a kernel and a QEMU newer than Debian 12's, fetched through apt
# roots of their own, and an initial ramdisk of busybox, a few tools of this machine and its init.

drivers="virtio_net igb veth 8021q xsk_diag sch_ingress cls_bpf"
vm_tools="bash dash ip ss ethtool bpftool ping"

# mirror: where this machine's own Debian packages come from.
mirror() {
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/\?$' |
		sed -n 1p
}

# apt_private NAME SUITE...: from here on apt works in a root of its own, on these suites; the
# machine's sources and packages stay as they are.
apt_private() {
	local root=$cache/apt-$1 suite from
	from=$(mirror)
	[ -n "$from" ] || broken "apt's sources name no Debian mirror"
	shift
	mkdir -p "$root"/{lists,archives}/partial "$root/none"
	: >"$root/status"
	for suite; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $suite main"
	done >"$root/sources.list"
	cat >"$root/apt.conf" <<-C
		Dir::Etc::sourcelist "$root/sources.list";
		Dir::Etc::sourceparts "$root/none";
		Dir::Etc::preferencesparts "$root/none";
		Dir::State "$root";
		Dir::State::Lists "$root/lists";
		Dir::State::status "$root/status";
		Dir::Cache "$root";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
	C
	export APT_CONFIG=$root/apt.conf
	apt-get -q update >"$root/log" 2>&1 || {
		cat "$root/log" >&2
		broken "no package lists for $*: is there a network?"
	}
}

# kernel_packages PACKAGE: it and those it depends on that hold the kernel's image and modules.
kernel_packages() {
	local next
	echo "$1"
	for next in $(apt-cache depends "$1" | sed -n 's/^ *Depends: //p'); do
		case $next in
		*-base-*) ;;
		linux-image-[0-9]* | linux-binary-[0-9]* | linux-modules-[0-9]*) kernel_packages "$next" ;;
		esac
	done
}

kernel_fetch() (
	set -e
	say "fetching the kernel"
	apt_private kernel trixie trixie-backports
	meta=$(apt-cache depends linux-image-amd64/trixie-backports |
		sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p')
	rm -rf "$cache/kernel"
	mkdir -p "$cache/kernel/debs"
	cd "$cache/kernel/debs"
	# shellcheck disable=SC2046 # a list of package names
	apt-get -q download $(kernel_packages "$meta" | sort -u) >&2
	for deb in *.deb; do
		dpkg-deb -x "$deb" ..
	done
	cd ..
	rm -rf debs
	[ -e lib ] || ln -s usr/lib lib
	modules=$(echo lib/modules/*)
	version=${modules##*/}
	[ -e "$modules/modules.dep" ] || depmod -b . "$version" 2>depmod.log
	image=$(find . -name 'vmlinuz*' -type f | sed -n 1p)
	"$lab/extract-vmlinux" "$image" vmlinux
	echo "$version" >version
)

qemu_fetch() (
	set -e
	say "fetching QEMU"
	apt_private qemu trixie trixie-backports
	rm -rf "$cache/qemu"
	mkdir -p "$cache/qemu"
	apt-get -q -y --download-only --no-install-recommends -t trixie-backports \
		install qemu-system-x86 >"$cache/qemu/log" 2>&1 || {
		tail "$cache/qemu/log" >&2
		broken "QEMU's packages could not be fetched"
	}
	for deb in "$cache"/apt-qemu/archives/*.deb; do
		case ${deb##*/} in
		seabios_* | qemu* | lib* | gcc-* | zlib* | ipxe*)
			dpkg-deb --fsys-tarfile "$deb" |
				tar -C "$cache/qemu" --exclude=./usr/share/doc -x
			;;
		esac
	done
	rm -rf "$cache"/apt-*/archives
	qemu --version | sed -n 1p >"$cache/qemu/version"
)

# qemu ARG...: the unpacked one, with the libraries unpacked beside it.
qemu() {
	local usr=$cache/qemu/usr
	exec "$usr/lib64/ld-linux-x86-64.so.2" --library-path "$usr/lib/x86_64-linux-gnu" \
		"$usr/bin/qemu-system-x86_64" -L "$usr/share/qemu" -L "$usr/share/seabios" "$@"
}

# root_lay ROOT: Debian's merged folders; every archive that is unpacked over another needs them.
root_lay() {
	local dir
	for dir in bin sbin lib lib64; do
		mkdir -p "$1/usr/$dir"
		ln -s "usr/$dir" "$1/$dir"
	done
}

# program_add ROOT FILE [DEST]: a file, and the shared libraries it needs if it is a program.
program_add() {
	local root=$1 file=$2 dest=${3:-$2} library
	mkdir -p "$root$(dirname "$dest")"
	cp -L "$file" "$root$dest"
	for library in $({ ldd "$file" 2>/dev/null || :; } | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p'); do
		[ -e "$root$library" ] || {
			mkdir -p "$root$(dirname "$library")"
			cp -L "$library" "$root$library"
		}
	done
}

pack() { (cd "$1" && find . -print0 | cpio -0 -o -H newc --quiet -R 0:0); }

# modules_add ROOT: the drivers with what they depend on, and the order to load them in.
modules_add() {
	local version driver file name
	version=$(cat "$cache/kernel/version")
	mkdir -p "$1/lib/lab-modules"
	for driver in $drivers; do
		modprobe -d "$cache/kernel" -S "$version" --show-depends "$driver" |
			sed -n 's/^insmod \([^ ]*\).*/\1/p' >"$1/list"
		while read -r file; do
			name=$(basename "$file")
			name=${name%%.ko*}
			case $file in
			*.xz) xz -dc "$file" ;;
			*.zst) zstd -dcq "$file" ;;
			*) cat "$file" ;;
			esac >"$1/lib/lab-modules/$name.ko"
			echo "$driver:$name" >>"$1/lib/lab-modules/order"
		done <"$1/list"
		rm "$1/list"
	done
}

root_make() (
	set -e
	root=$(mktemp -d)
	root_lay "$root"
	mkdir -p "$root"/{dev,proc,sys,tmp,out,run,etc}
	cp /bin/busybox "$root/bin/busybox"
	install -m 755 "$lab/init" "$root/init"
	modules_add "$root"
	for tool in $vm_tools; do
		file=$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$tool") ||
			broken "$tool is missing: run \`sudo tools/setup lab\`"
		program_add "$root" "$file"
	done
	ln -s dash "$root/bin/sh"
	echo root:x:0:0::/tmp:/bin/sh >"$root/etc/passwd"
	pack "$root" >"$cache/root.cpio.new"
	mv "$cache/root.cpio.new" "$cache/root.cpio"
	rm -rf "$root"
)

# image_build: what is not in the cache yet, or older than its recipe. One at a time.
image_build() {
	mkdir -p "$cache"
	exec 8>"$cache/lock"
	flock 8
	[ -e "$cache/kernel/version" ] || kernel_fetch
	[ -e "$cache/qemu/version" ] || qemu_fetch
	[ "$cache/root.cpio" -nt "$lab/init" ] && [ "$cache/root.cpio" -nt "$lab/image.sh" ] &&
		[ "$cache/root.cpio" -nt "$cache/kernel/version" ] || root_make
	flock -u 8
	exec 8>&-
	say "$(cat "$cache/qemu/version"), Linux $(cat "$cache/kernel/version")"
}
