"""The commonest function words of languages that share a script: what tells one from the other in any text.

They carry grammar and not matter, so a text about anything holds them: a quarter to a half of its words.
Source: any reference grammar's articles, prepositions, conjunctions, pronouns and auxiliary verbs.
"""

LISTS = {
    "en": "the of and to in is that for it was on are as with be this have from or by not but what were when there can "
    "an which their if will each about how they you your been has more would its who all we our no should must",
    "de": "der die das und ist in den von zu mit sich auf für nicht ein eine einen einem einer des dem im auch es an "
    "werden aus er hat dass sie nach wird bei sind noch wie über zum zur oder kann wenn nur als vor durch wurde müssen "
    "sein haben ihr ihre dieser diese dieses um bis kein keine",
    "fr": "le la les des et est en du une un dans que qui pour pas sur au par plus ne se ce il sont avec cette être "
    "ces ou aux ont été fait comme mais nous vous leur si sans son sa ses tout elle dont peut doit votre même ils",
    "es": "el la de que y los las en un una por con no para es se del lo como más al su sus o este esta ha "
    "son pero fue "
    "sobre entre ser está también puede hay desde cuando si muy sin esto ya todo nos eso estos donde debe han",
    "it": "il di che la e è un una per in con non si da del della dei delle al alla nel nella sono come più ma lo gli "
    "le anche questo questa o essere ha su dal dalla se sua suo può loro cui degli alle ai deve essere stato quando",
    "pt": "o a de que e do da em um uma para com não os as no na por se mais dos das como mas ao é ou foi são à pelo "
    "pela sua seu também está ser nos nas este esta isso pode até quando muito já você deve tem sem entre",
    "nl": "de het een van en in is dat op te zijn met voor niet aan er om als door ook bij naar uit werd wordt deze "
    "dit maar hij ze zij kan of over dan nog moet worden heeft hebben tot was meer geen die uw je wel niet",
    "sv": "och att det som en på är av för med den till inte om ett har de var i kan men vid från så eller när hade "
    "också vara efter detta denna sin ska måste inom blir han hon får måste dessa kommer finns mycket skall alla du",
    "da": "og at det er en til af på for med den som de der ikke et har var om i men kan fra ved så eller også efter "
    "være blev skal han hun dette denne sig når hvis blive mere må vil hvor alle end op ud dig være nogle",
    "no": "og det er en til av på for med som den de ikke et har var om i men kan fra ved så eller også etter være "
    "ble skal han hun dette denne seg når hvis bli mer må vil hvor alle enn opp ut deg noen bare mellom blir disse å "
    "kun inn vennligst",
    "fi": "ja on ei se että oli hän mutta tai kun ovat niin myös jos kuin joka sen ole voi olla jotka mukaan tämä "
    "tämän sekä vain nyt ne jo vielä mitä siitä hänen sitä ollut tulee täytyy kanssa ennen jälkeen välillä mikä",
    "pl": "i w nie na się z do to że jest o a jak po co ale przez od za dla są czy tym który która które "
    "tylko lub oraz "
    "być może jego jej ich ma można już tak ten ta te tego bez nie przed musi zostać został pod nad gdy",
    "cs": "a se v na je že o s z do to i jako pro po za by ale od který která které jsou nebo byl být jeho k ve tak "
    "při aby podle jen může už byla také musí této není tento tato pokud jsem mezi před než své však",
    "sk": "a sa v na je že o s z do to aj ako pre po za by ale od ktorý ktorá ktoré sú alebo bol byť jeho k vo tak "
    "pri aby podľa len môže už bola tiež musí tejto nie tento táto ak som medzi pred než svoje však ktorú",
    "sl": "in je v na se da za so ki ne z pa po kot ali od bi tudi do ob to ta biti lahko pri še mora iz njegov bil "
    "bila če tako samo med vendar ko kar pred brez te tega ni že nad pod svoje katera kateri",
    "hr": "i je u na se da za su koji koja koje ne s od kao ili bi ali iz po do o to biti može nije sve samo što više "
    "ako također treba te bio bila ovaj ova ovo njegov između prije bez svoje mora kada tako kako ima",
    "hu": "a az és hogy nem is egy ez van volt meg de ha csak vagy mint már még el kell ki azt ezt lehet után között "
    "amely ami aki mert minden nagyon lesz például szerint által között valamint olyan nincs ezek azok",
    "ro": "și de la în a cu pe care nu este un o din pentru că se să mai sau ca prin sunt al ale au fost lui după dar "
    "până poate între această acest fi îi fără trebuie când sa cel cea cele ei ce vor",
    "tr": "ve bir bu için ile de da olarak en daha çok olan gibi ancak sonra ne var o değil ya veya kadar her ise mi "
    "göre ki tarafından olduğu ama sadece yeni değildir olması edilen bütün hem bunu şu lütfen",
    "id": "yang dan di dengan untuk ini itu dari dalam tidak pada adalah akan ke juga oleh atau sebagai dapat karena "
    "telah ada mereka saya kita anda bisa harus lebih sudah antara setelah bahwa seperti hanya satu kepada "
    "setiap tersebut karena namun saat silakan sedang melalui berikut kami tetapi",
    "ms": "yang dan di dengan untuk ini itu dari dalam tidak pada adalah akan ke juga oleh atau sebagai dapat kerana "
    "telah ada mereka saya kita anda boleh perlu lebih sudah antara selepas bahawa seperti hanya satu kepada setiap "
    "tersebut daripada hendaklah ialah supaya bagi",
    "af": "die en van is in nie het dat vir met op te sy wat om hy was as ook ek aan maar word by ons hulle moet elke "
    "dit sal kan deur uit tot wees nog of baie na oor hierdie geen mag indien tussen een haar",
    "ca": "el la de que i els les en un una per amb no és del dels al als com més o aquest aquesta han ha són però "
    "seva seu també entre ser ens des quan si molt sense això tot pot on hi fins hem sobre seves",
    "gl": "o a de que e do da en un unha para con non os as no na por se máis dos das como ao é ou foi son á pola polo "
    "súa seu tamén está ser nos nas este esta isto pode ata cando moito xa ten sen entre aos ás pero hai debe",
    "et": "ja on ei see et oli ta aga või kui nii ka mis selle olla kes oma seda tema saab veel välja üle nagu siis "
    "peab kuid juba enne pärast ning mida need ainult võib ole peale vahel kõik sellest",
    "lv": "un ir no ar uz par ka kas tas bet arī vai lai pēc kā to viņš nav var būt tika šis šī pie līdz bija ja jau "
    "tikai pirms starp savu tiek kad jābūt vairāk ļoti tā tie bez gan kuru",
    "lt": "ir yra į kad su iš bet kaip tai ar buvo ne nuo jo po už apie dėl arba jis ji gali būti šis ši tik jau turi "
    "prie iki kurie kuris tarp prieš taip pat nėra savo labai kai dar jei jų",
    "vi": "và của là có không được cho các trong một với những này người để đã khi từ như đó về hay hoặc phải vào đến "
    "nếu cũng sẽ tại bạn trên theo nhưng ra bằng rất nhiều",
    "ru": "и в не на что с по это как к а из у за от но для он она они так же или бы был была быть его ее их все уже "
    "если только при до может также которые который этого нет должно мы вы есть чтобы более",
    "uk": "і в не на що з по це як до а із у за від але для він вона вони так або би був була бути його її їх все вже "
    "якщо тільки при може також які який цього немає має ми ви є щоб та більше",
    "bg": "и в не на че с по това как към а из за от но да се са той тя те така или би беше бъде му ѝ им вече "
    "ако само при до може също които който този тази няма трябва ние вие е още повече",
    "sr": "и у не на да се је са по то као а из за од али он она они тако или би био била бити његов њихов све већ "
    "ако само при до може такође који која које овај нема треба ми ви су што више",
    "mk": "и во не на што се да е со по тоа како од за но тој таа тие така или би беше бил била сите веќе ако само при "
    "до може исто кој која кои овој оваа нема треба ние вие има повеќе ќе ги го му ја секој меѓу без",
    "be": "і ў у не на што з са па гэта як а да за ад для але ён яна яны так або бы быў была быць яго яе іх усе ужо "
    "калі толькі пры можа таксама які якая гэты няма мы вы ёсць каб больш трэба пасля",
}
FUNCTION_WORDS: dict[str, frozenset[str]] = {language: frozenset(words.split()) for language, words in LISTS.items()}
